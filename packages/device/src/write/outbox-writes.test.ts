import { collection, command, hasCode, inherit, lastWriteWins, manual, ref, schema } from '@holdfast/core';
import {
  commandHandlers,
  type InProcessServer,
  inProcessServer,
  reject,
  type TestDevice,
  testDevice,
} from '@holdfast/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';

const app = schema({
  version: 1,
  collections: {
    people: collection(
      { name: z.string().min(1), phone: z.string().nullable(), mentor: z.string(), state: z.string().default('in') },
      { scopes: ['mentor:{mentor}'], conflict: lastWriteWins() },
    ),
    visits: collection({ personId: ref('people'), minutes: z.int() }, { scopes: [inherit('personId')] }),
    doses: collection(
      { personId: ref('people'), dose: z.int(), unit: z.enum(['mg', 'ml']) },
      { scopes: [inherit('personId')], conflict: manual(), groups: [['dose', 'unit']] },
    ),
  },
  commands: { discharge: command({ personId: ref('people'), reason: z.string() }, { priority: 2 }) },
});
type App = typeof app;
const handlers = commandHandlers(app, {
  discharge(tx, { args }) {
    const person = tx.read('people', args.personId);
    if (person === null || person.state === 'out') return reject('this person is not here');
    tx.update('people', args.personId, { state: 'out' });
    return { was: person.name };
  },
});

let server: InProcessServer;
const open = (user: string, more: object = {}) => testDevice(app, server, { user, scopes: ['mentor:1'], ...more });
const list = ({ device }: TestDevice<App>) => device.outbox.list();
const people = ({ device }: TestDevice<App>) => device.query((db) => db.selectFrom('people').selectAll().orderBy('id'));
const settled = async (a: TestDevice<App>) => {
  await a.sync();
  await a.sync();
};

beforeEach(() => {
  server = inProcessServer(app, { commands: handlers });
});

/** A device without a link that has one person, sent before. */
async function offlineWithPerson() {
  const a = await open('a');
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
  await settled(a);
  a.link.up = false;
  return a;
}

describe('[OB6] folding', () => {
  test('[OB6, CF1] unsent edits of one record are one entry, each field with its own stamp and first base', async () => {
    const a = await offlineWithPerson();
    const first = await a.device.write((tx) => tx.people.update('p1', { name: 'Bea' }));
    const second = await a.device.write((tx) => tx.people.update('p1', { phone: '1' }));
    const third = await a.device.write((tx) => tx.people.update('p1', { name: 'Cem' }));
    expect([second.mutations, third.mutations]).toEqual([first.mutations, first.mutations]);
    expect(await list(a)).toHaveLength(1);
    const exported = JSON.parse(await a.device.outbox.export()) as {
      entries: { content: { set: { values: object; base: string; stamp: string; was: object }[] } }[];
    };
    const set = exported.entries[0]?.content.set ?? [];
    expect(set.map(({ values, was }) => [values, was])).toEqual([
      [{ phone: '1' }, { phone: null }],
      [{ name: 'Cem' }, { name: 'Ada' }],
    ]);
    expect(new Set(set.map(({ base }) => base)).size).toBe(1);
    expect(set[0]?.stamp).not.toBe(set[1]?.stamp);
    expect(await a.device.verify()).toEqual([]);
    a.link.up = true;
    await settled(a);
    expect([await list(a), await people(a)]).toMatchObject([[], [{ name: 'Cem', phone: '1' }]]);
  });

  test('[OB6] an edit of an unsent create goes into it', async () => {
    const a = await open('a', { linkUp: false });
    await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
    await a.device.write((tx) => tx.people.update('p1', { name: 'Bea' }));
    expect((await list(a)).map(({ kind }) => kind)).toEqual(['create']);
    a.link.up = true;
    await settled(a);
    expect([await list(a), await people(a)]).toMatchObject([[], [{ name: 'Bea' }]]);
  });

  test('[OB6, WR4] nothing folds into a transaction of several, nor out of one', async () => {
    const a = await offlineWithPerson();
    await a.device.write((tx) => {
      tx.people.update('p1', { name: 'Bea' });
      tx.visits.create({ id: 'v1', personId: 'p1', minutes: 1 });
    });
    await a.device.write((tx) => tx.people.update('p1', { name: 'Cem' }));
    await a.device.write((tx) => {
      tx.people.update('p1', { phone: '2' });
      tx.visits.update('v1', { minutes: 2 });
    });
    expect(await list(a)).toHaveLength(5);
  });

  test('[OB6] nothing folds into what may have been sent, also when it was given back', async () => {
    const a = await offlineWithPerson();
    await a.device.write((tx) => tx.people.update('p1', { name: 'Bea' }));
    a.link.up = true;
    a.link.loseAnswers = 1;
    await a.sync();
    a.link.up = false;
    expect((await list(a)).map(({ state }) => state.at)).toEqual(['pending']);
    await a.device.write((tx) => tx.people.update('p1', { name: 'Cem' }));
    expect(await list(a)).toHaveLength(2);
    a.link.up = true;
    await settled(a);
    expect([await list(a), await people(a)]).toMatchObject([[], [{ name: 'Cem' }]]);
  });

  test('[OB6, OB2] what a fold no longer refers to is deleted without waiting for it', async () => {
    const a = await offlineWithPerson();
    a.link.up = true;
    await a.device.write((tx) => {
      tx.people.create({ id: 'p2', name: 'Eva', mentor: '1' });
      tx.visits.create({ id: 'v1', personId: 'p1', minutes: 1 });
    });
    await settled(a);
    a.link.up = false;
    const moved = await a.device.write((tx) => tx.visits.update('v1', { personId: 'p2' }));
    const back = await a.device.write((tx) => tx.visits.update('v1', { personId: 'p1', minutes: 2 }));
    expect(back.mutations).toEqual(moved.mutations);
    await a.device.write((tx) => tx.people.delete('p2'));
    const { entries } = JSON.parse(await a.device.outbox.export()) as { entries: { afterReferring: string[] }[] };
    expect(entries.at(-1)?.afterReferring).toEqual([]);
  });

  test('[OB6, NW5] nothing folds into an entry that would grow beyond what an exchange carries', async () => {
    const a = await offlineWithPerson();
    const half = 'x'.repeat(600 * 1024);
    await a.device.write((tx) => tx.people.update('p1', { name: half }));
    await a.device.write((tx) => tx.people.update('p1', { phone: half }));
    expect(await list(a)).toHaveLength(2);
    a.link.up = true;
    await settled(a);
    expect([await list(a), (await people(a))[0]?.phone?.length]).toEqual([[], half.length]);
  });

  test('[OB6, OB2] a fold adds nothing to wait for', async () => {
    const a = await offlineWithPerson();
    await a.device.write((tx) => tx.people.create({ id: 'p2', name: 'Dia', mentor: '1' }));
    const visit = await a.device.write((tx) => tx.visits.create({ id: 'v1', personId: 'p1', minutes: 1 }));
    const other = await a.device.write((tx) => tx.visits.update('v1', { personId: 'p2' }));
    expect(other.mutations).not.toEqual(visit.mutations);
    const waiting = await a.device.write((tx) => tx.visits.update('v1', { minutes: 3 }), {
      waitFor: (await a.device.write((tx) => tx.people.create({ id: 'p3', name: 'Eva', mentor: '1' }))).mutations,
    });
    expect(waiting.mutations).not.toEqual(other.mutations);
  });

  test('[OB6] an unsent create and its delete take each other away, and the audit says so', async () => {
    const a = await open('a', { linkUp: false });
    const { mutations } = await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
    await a.device.write((tx) => tx.people.delete('p1'));
    expect([await list(a), await people(a), await a.device.verify()]).toEqual([[], [], []]);
    expect(await a.device.audit({ collection: 'people', record: 'p1' })).toMatchObject([
      { what: 'cancelled', mutation: mutations[0] },
    ]);
  });

  test('[OB6] not where another entry refers to the record or names its create', async () => {
    const a = await open('a', { linkUp: false });
    const one = await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
    await a.device.write((tx) => tx.people.create({ id: 'p2', name: 'Bea', mentor: '1' }), { waitFor: one.mutations });
    await a.device.write((tx) => tx.people.delete('p1'));
    expect((await list(a)).map(({ kind }) => kind)).toEqual(['create', 'create', 'delete']);
    await a.device.write((tx) => tx.people.create({ id: 'p3', name: 'Cem', mentor: '1' }));
    await a.device.write((tx) => tx.visits.create({ id: 'v1', personId: 'p3', minutes: 1 }));
    await a.device.write((tx) => tx.visits.delete('v1'));
    await a.device.write((tx) => tx.people.delete('p3'));
    expect((await list(a)).map(({ record }) => record)).toEqual(['p1', 'p2', 'p1']);
  });

  test('[CF10] what is written after a restart with the clock set back is stamped later than what waits', async () => {
    const a = await offlineWithPerson();
    const before = await a.device.write((tx) => tx.people.update('p1', { name: 'Bea' }));
    a.disk.crash();
    const back = await open('a', { disk: a.disk, clockOffsetMs: -3_600_000, linkUp: false });
    const after = await back.device.write((tx) => tx.people.create({ id: 'p2', name: 'Dia', mentor: '1' }));
    const { entries } = JSON.parse(await back.device.outbox.export()) as { entries: { id: string; stamp: string }[] };
    const stamps = [...before.mutations, ...after.mutations].map((id) => entries.find((each) => each.id === id)?.stamp);
    expect([...stamps].sort()).toEqual(stamps);
    expect(new Set(stamps).size).toBe(2);
  });

  test('[CF11] what is written upon what a faster clock wrote is stamped later than that', async () => {
    const a = await offlineWithPerson();
    const fast = await open('b', { clockOffsetMs: 50_000, linkUp: false });
    const stampsOf = async ({ device }: TestDevice<App>) => {
      const { entries } = JSON.parse(await device.outbox.export()) as { entries: { stamp: string }[] };
      return entries.map(({ stamp }) => stamp);
    };
    await fast.device.write((tx) => tx.people.create({ id: 'p2', name: 'Eva', mentor: '1' }));
    const [theirs] = await stampsOf(fast);
    fast.link.up = true;
    await settled(fast);
    a.link.up = true;
    await settled(a);
    a.link.up = false;
    await a.device.write((tx) => tx.people.update('p2', { name: 'Eve' }));
    const [mine] = await stampsOf(a);
    expect([mine, theirs].sort()).toEqual([theirs, mine]);
  });

  test('[CF10] a folded edit keeps the clock going, also over a restart with the clock set back', async () => {
    const a = await offlineWithPerson();
    await a.device.write((tx) => tx.people.update('p1', { name: 'Bea' }));
    await a.device.write((tx) => tx.people.create({ id: 'p2', name: 'Dia', mentor: '1' }));
    await a.device.write((tx) => tx.people.update('p1', { name: 'Cem' }));
    const stamps = async (device: TestDevice<App>) => {
      const text = await device.device.outbox.export();
      return [...text.matchAll(/"stamp": "([0-9a-f]{16})"/g)].map(([, stamp]) => stamp ?? '');
    };
    const before = (await stamps(a)).sort().at(-1) ?? '';
    a.disk.crash();
    const back = await open('a', { disk: a.disk, clockOffsetMs: -3_600_000, linkUp: false });
    await back.device.write((tx) => tx.people.update('p2', { phone: '9' }));
    expect((await stamps(back)).sort().at(-1)?.localeCompare(before)).toBe(1);
  });
});

describe('[OB3] named waits', () => {
  test('[OB3] what is named is taken first; what waits is held back with it', async () => {
    const a = await open('a', { linkUp: false });
    const refused = await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '2' }));
    await a.device.write((tx) => tx.people.create({ id: 'p2', name: 'Bea', mentor: '1' }), {
      waitFor: refused.mutations,
    });
    a.link.up = true;
    await settled(a);
    expect((await list(a)).map(({ state }) => state.at)).toEqual(['refused', 'blocked']);
  });

  test('[OB3] waiting for what is sent already is no wait; for what nobody made it is refused', async () => {
    const a = await open('a');
    const sent = await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
    await settled(a);
    await a.device.write((tx) => tx.people.update('p1', { name: 'Bea' }), { waitFor: sent.mutations });
    const later = a.device.write((tx) => tx.people.update('p1', { name: 'Cem' }), { waitFor: ['not-made-yet'] });
    await expect(later).rejects.toMatchObject({ issues: [{ path: ['waitFor', 'not-made-yet'] }] });
    expect((await people(a))[0]?.name).toBe('Bea');
  });
});

describe('commands', () => {
  test('[WR1, OB1] a command goes with the changes of its transaction, in the order of its records', async () => {
    const a = await offlineWithPerson();
    await a.device.write((tx) => {
      tx.visits.create({ id: 'v1', personId: 'p1', minutes: 20 });
      tx.command('discharge', { personId: 'p1', reason: 'well' });
    });
    await a.device.write((tx) => tx.people.update('p1', { name: 'Bea' }));
    const exported = JSON.parse(await a.device.outbox.export()) as {
      entries: { id: string; afterReferring: string[] }[];
    };
    expect(exported.entries[2]?.afterReferring).toEqual([exported.entries[1]?.id]);
    a.link.up = true;
    await settled(a);
    expect([await list(a), await people(a)]).toMatchObject([[], [{ name: 'Bea', state: 'out' }]]);
  });

  test('[OB6] nothing folds across a command', async () => {
    const a = await offlineWithPerson();
    await a.device.write((tx) => tx.people.update('p1', { name: 'Bea' }));
    await a.device.write((tx) => tx.command('discharge', { personId: 'p1', reason: 'well' }));
    await a.device.write((tx) => tx.people.update('p1', { name: 'Cem' }));
    expect(await list(a)).toHaveLength(3);
  });

  test('[OB2] a command waits for the create of what it refers to, and a delete for the command', async () => {
    const a = await open('a', { linkUp: false });
    await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
    await a.device.write((tx) => tx.command('discharge', { personId: 'p1', reason: 'well' }), { priority: 1 });
    await a.device.write((tx) => tx.people.delete('p1'));
    a.link.up = true;
    await settled(a);
    expect([await list(a), await people(a)]).toEqual([[], []]);
  });

  test('[OB10] one that its handler refuses waits for a person, with the reason', async () => {
    const a = await offlineWithPerson();
    a.link.up = true;
    await a.device.write((tx) => tx.command('discharge', { personId: 'p1', reason: 'well' }));
    await settled(a);
    const again = await a.device.write((tx) => tx.command('discharge', { personId: 'p1', reason: 'twice' }));
    await settled(a);
    expect(await list(a)).toMatchObject([
      {
        id: again.mutations[0],
        state: { at: 'refused', receipt: { reason: 'rejected', detail: 'this person is not here' } },
      },
    ]);
    await a.device.outbox.discard(again.mutations[0] ?? '');
    await settled(a);
    expect(await list(a)).toEqual([]);
  });

  test('[WR2] arguments that do not fit are named, and nothing is stored', async () => {
    const a = await open('a');
    const write = a.device.write((tx) => {
      tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' });
      tx.command('discharge', { personId: '../x', reason: 1 as unknown as string });
    });
    await expect(write).rejects.toMatchObject({ issues: [{ path: ['personId'] }, { path: ['reason'] }] });
    expect(await list(a)).toEqual([]);
  });
});

describe('hooks', () => {
  test('[WR2] a hook before a write that throws stops it', async () => {
    const a = await open('a', {
      hooks: {
        beforeWrite(intents: readonly { kind: string }[]) {
          if (intents.some(({ kind }) => kind === 'delete')) throw new Error('nothing is deleted here');
        },
      },
    });
    await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
    await expect(a.device.write((tx) => tx.people.delete('p1'))).rejects.toThrow('nothing is deleted here');
    expect(await people(a)).toHaveLength(1);
  });

  test('[WR1] a hook after a write that throws is reported, and the write stands', async () => {
    const faults: unknown[] = [];
    const a = await open('a', {
      onFault: (error: unknown) => faults.push(error),
      hooks: {
        afterWrite() {
          throw new Error('no printer');
        },
      },
    });
    const receipt = await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
    expect([receipt.mutations.length, (await people(a)).length, String(faults[0])]).toEqual([
      1,
      1,
      'Error: no printer',
    ]);
    expect(hasCode(faults[0], 'InvalidWrite')).toBe(false);
  });
});
