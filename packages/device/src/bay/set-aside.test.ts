import {
  type Change,
  collection,
  HoldfastError,
  InvalidWrite,
  inherit,
  lastWriteWins,
  manual,
  ref,
  schema,
} from '@holdfast/core';
import { type InProcessServer, inProcessServer, type TestDevice, testDevice } from '@holdfast/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { WriteTransaction } from '../device.ts';

const app = schema({
  version: 1,
  collections: {
    people: collection(
      { name: z.string().min(1), phone: z.string().nullable(), mentor: z.string() },
      { scopes: ['mentor:{mentor}'], conflict: lastWriteWins() },
    ),
    visits: collection({ personId: ref('people'), minutes: z.int() }, { scopes: [inherit('personId')] }),
    doses: collection(
      { personId: ref('people'), dose: z.int(), unit: z.enum(['mg', 'ml']), route: z.string() },
      { scopes: [inherit('personId')], conflict: manual(), groups: [['dose', 'unit']] },
    ),
  },
});
type App = typeof app;

let server: InProcessServer;
const open = (user: string, scopes: readonly string[] = ['mentor:1']) => testDevice(app, server, { user, scopes });
const states = async ({ device }: TestDevice<App>) => (await device.outbox.list()).map(({ state }) => state.at);
const names = async ({ device }: TestDevice<App>) =>
  (await device.query((db) => db.selectFrom('people').select('name').orderBy('name'))).map(({ name }) => name);
const dose = async ({ device }: TestDevice<App>) =>
  (await device.query((db) => db.selectFrom('doses').selectAll().where('id', '=', 'd1')))[0] ?? null;
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: unknown) => (error instanceof HoldfastError ? error.code : error),
  );

beforeEach(() => {
  server = inProcessServer(app);
});

/** Ada writes a person where she may not, and a visit to it. */
async function refusedPerson(a: TestDevice<App>) {
  await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '2' }));
  await a.device.write((tx) => tx.visits.create({ id: 'v1', personId: 'p1', minutes: 5 }));
  await a.sync();
  const [person, visit] = await a.device.outbox.list();
  if (person === undefined || visit === undefined) throw new Error('both entries stay');
  return { person, visit };
}

describe('what was refused', () => {
  test('[OB10, OB5, SY6] is edited and sent again; it takes its place in all that waits for it', async () => {
    const a = await open('a');
    const { person } = await refusedPerson(a);
    expect(await states(a)).toEqual(['refused', 'blocked']);
    expect(await names(a)).toEqual([]);
    const receipt = await a.device.outbox.edit(person.id, { [person.id]: { mentor: '1' } });
    expect(receipt.mutations).toHaveLength(1);
    expect(receipt.mutations).not.toContain(person.id);
    expect(await names(a)).toEqual(['Ada']);
    await a.sync();
    await a.sync();
    expect(await a.device.outbox.list()).toEqual([]);
    const b = await open('b');
    await b.sync();
    expect(await names(b)).toEqual(['Ada']);
    expect(await b.device.query((db) => db.selectFrom('visits').select('minutes'))).toEqual([{ minutes: 5 }]);
    const kinds = (await a.device.audit({ collection: 'people', record: 'p1' })).map(({ what }) => what);
    expect(kinds).toContain('edited');
    expect(await a.device.verify()).toEqual([]);
  });

  test('[OB10] is sent again as it is, and refused again under the new id', async () => {
    const a = await open('a');
    const { person } = await refusedPerson(a);
    const receipt = await a.device.outbox.resend(person.id);
    await a.sync();
    await a.sync();
    const list = await a.device.outbox.list();
    expect(list.find(({ id }) => id === receipt.mutations[0])?.state.at).toBe('refused');
    expect(list.find(({ id }) => id === person.id)?.state).toMatchObject({ at: 'resolving', by: receipt.mutations[0] });
    expect(list.find(({ collection: name }) => name === 'visits')?.state.at).toBe('blocked');
    // The one that stands for both can be mended in turn.
    await a.device.outbox.edit(receipt.mutations[0] ?? '', { [receipt.mutations[0] ?? '']: { mentor: '1' } });
    await a.sync();
    await a.sync();
    expect([await states(a), await names(a)]).toEqual([[], ['Ada']]);
  });

  test('[WR2] an edit that does not fit changes nothing', async () => {
    const a = await open('a');
    const { person, visit } = await refusedPerson(a);
    const edit = a.device.outbox.edit(person.id, { [person.id]: { name: '' } });
    await expect(edit).rejects.toBeInstanceOf(InvalidWrite);
    expect(await codeOf(a.device.outbox.edit(person.id, { [visit.id]: { minutes: 1 } }))).toBe('NotInOutbox');
    expect(await codeOf(a.device.outbox.resend(visit.id))).toBe('NotAside');
    expect(await codeOf(a.device.outbox.resend('nothing'))).toBe('NotInOutbox');
    expect(await states(a)).toEqual(['refused', 'blocked']);
  });

  test('[OB11] is discarded with what depends on it, after that was listed; all or none', async () => {
    const a = await open('a');
    const { person, visit } = await refusedPerson(a);
    const asked = await a.device.outbox.discard(person.id);
    expect(asked).toMatchObject({ done: false, dependants: [{ id: visit.id }] });
    expect(await states(a)).toEqual(['refused', 'blocked']);
    expect(await a.device.outbox.discard(person.id, { withDependants: true })).toEqual({ done: true });
    await a.sync();
    await a.sync();
    expect(await a.device.outbox.list()).toEqual([]);
    const audit = await a.device.audit({ user: 'a' });
    expect(
      audit
        .filter(({ what }) => what === 'discarded')
        .map(({ mutation }) => mutation)
        .sort(),
    ).toEqual([person.id, visit.id].sort());
  });

  test('[OB10] is exported with all it holds', async () => {
    const a = await open('a');
    const { person } = await refusedPerson(a);
    const exported: unknown = JSON.parse(await a.device.outbox.export([person.id]));
    expect(exported).toMatchObject({
      holdfast: 'outbox',
      entries: [{ id: person.id, state: { at: 'refused' }, content: { set: [{ values: { name: 'Ada' } }] } }],
    });
    expect((await a.device.audit({ user: 'a' })).map(({ what }) => what)).toContain('exported');
  });
});

describe('discarding what is not answered', () => {
  test('[OB11] what was never sent and nobody names goes at once; the audit keeps it', async () => {
    const a = await open('a');
    a.link.up = false;
    const { mutations } = await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
    expect(await a.device.outbox.discard(mutations[0] ?? '')).toEqual({ done: true });
    expect([await states(a), await names(a), await a.device.verify()]).toEqual([[], [], []]);
    expect(await a.device.audit({ user: 'a' })).toMatchObject([{ what: 'discarded', mutation: mutations[0] }]);
  });

  test('[OB11] what may have been sent goes as a discard: never received, it never takes effect', async () => {
    const a = await open('a');
    a.link.answer = () => ({ status: 200, type: 'text/html', body: 'portal' });
    const { mutations } = await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
    await a.sync();
    await a.device.outbox.discard(mutations[0] ?? '');
    expect([await states(a), await names(a)]).toEqual([['resolving'], []]);
    a.link.answer = null;
    await a.sync();
    await a.sync();
    expect([await states(a), await names(a)]).toEqual([[], []]);
  });

  test('[OB11] a discard that comes too late says so, and the server stays right', async () => {
    const a = await open('a');
    a.link.loseAnswers = 1;
    const { mutations } = await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
    await a.sync();
    await a.device.outbox.discard(mutations[0] ?? '');
    await a.sync();
    await a.sync();
    expect([await states(a), await names(a)]).toEqual([[], ['Ada']]);
    expect((await a.device.audit({ user: 'a' })).map(({ what }) => what)).toEqual(['too-late', 'discarded']);
  });

  test('[OB11] what was never sent goes as a discard too where others name it', async () => {
    const a = await open('a');
    await a.device.write((tx) => {
      tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' });
      tx.people.create({ id: 'p2', name: 'Ina', mentor: '1' });
    });
    await a.sync();
    a.link.up = false;
    const first = await a.device.write((tx) => tx.people.update('p1', { name: 'Bea' }));
    await a.device.write((tx) => {
      tx.people.update('p1', { phone: '1' });
      tx.people.update('p2', { phone: '2' });
    });
    await a.device.outbox.discard(first.mutations[0] ?? '');
    expect([await states(a), await names(a)]).toEqual([
      ['resolving', 'pending', 'pending'],
      ['Ada', 'Ina'],
    ]);
    a.link.up = true;
    await a.sync();
    await a.sync();
    expect(await states(a)).toEqual([]);
    expect(await a.device.query((db) => db.selectFrom('people').select('phone').orderBy('id'))).toEqual([
      { phone: '1' },
      { phone: '2' },
    ]);
  });

  test('[OB11] what others only come after does not hold them up', async () => {
    const a = await open('a');
    await a.device.write((tx) => tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' }));
    await a.sync();
    a.link.answer = () => ({ status: 200, type: 'text/html', body: 'portal' });
    const first = await a.device.write((tx) => tx.people.update('p1', { name: 'Bea' }));
    await a.sync();
    await a.device.write((tx) => tx.people.update('p1', { phone: '1' }));
    expect(await a.device.outbox.discard(first.mutations[0] ?? '')).toEqual({ done: true });
    expect(await names(a)).toEqual(['Ada']);
    a.link.answer = null;
    await a.sync();
    await a.sync();
    expect([await states(a), await names(a)]).toEqual([[], ['Ada']]);
    expect(await a.device.query((db) => db.selectFrom('people').select('phone'))).toEqual([{ phone: '1' }]);
  });
});

/** Two people set one dose, not knowing of each other. Gives the device whose change conflicts. */
async function conflictedDose(then: (tx: WriteTransaction<App>) => void = () => {}) {
  const [a, b] = [await open('a'), await open('b')];
  await a.device.write((tx) => {
    tx.people.create({ id: 'p1', name: 'Ada', mentor: '1' });
    tx.doses.create({ id: 'd1', personId: 'p1', dose: 1, unit: 'mg', route: 'oral' });
  });
  await a.sync();
  await b.sync();
  a.link.up = false;
  await a.device.write((tx) => {
    tx.doses.update('d1', { dose: 2, route: 'nasal' });
    then(tx);
  });
  await b.device.write((tx) => tx.doses.update('d1', { dose: 3, unit: 'ml' }));
  await b.sync();
  a.link.up = true;
  await a.sync();
  await a.sync();
  const [conflict] = await a.device.conflicts.list();
  const entry = conflict?.entries[0];
  if (entry === undefined) throw new Error('the change conflicts');
  return { a, b, entry };
}

describe('a conflict', () => {
  test('[CF7] shows base, mine and theirs of the fields in question', async () => {
    const { a, entry } = await conflictedDose();
    expect(entry).toMatchObject({
      fields: ['dose', 'unit'],
      base: { dose: 1, unit: 'mg' },
      mine: { dose: 2, unit: 'mg' },
      theirs: { dose: 3, unit: 'ml' },
      deletion: null,
      by: 'b',
    });
    expect(await dose(a)).toMatchObject({ dose: 3, unit: 'ml', route: 'oral' });
  });

  test.each([
    ['mine', { dose: 'mine', unit: 'mine' }, { dose: 2, unit: 'mg', route: 'nasal' }],
    ['theirs', { dose: 'theirs', unit: 'theirs' }, { dose: 3, unit: 'ml', route: 'nasal' }],
    ['another value', { dose: { value: 4 }, unit: 'theirs' }, { dose: 4, unit: 'ml', route: 'nasal' }],
  ] as const)('[CF7, CF3] is resolved to %s; fields that did not conflict go along', async (_, fields, expected) => {
    const { a, b, entry } = await conflictedDose();
    await a.device.conflicts.resolve(entry.id, { [entry.id]: { fields, version: entry.version } });
    expect(await dose(a)).toMatchObject(expected);
    await a.sync();
    await a.sync();
    await b.sync();
    expect([await states(a), await dose(a), await dose(b)]).toMatchObject([[], expected, expected]);
    expect(await a.device.verify()).toEqual([]);
  });

  test('[CF7] what was left undecided is named, and nothing changes', async () => {
    const { a, entry } = await conflictedDose();
    const resolve = a.device.conflicts.resolve(entry.id, { [entry.id]: { fields: { dose: 'mine' } } });
    await expect(resolve).rejects.toMatchObject({ issues: [{ path: ['unit'] }] });
    expect(await states(a)).toEqual(['conflicted']);
  });

  test('[CF7] a choice is upon the version that was shown: what came since conflicts again', async () => {
    const { a, b, entry } = await conflictedDose();
    await b.device.write((tx) => tx.doses.update('d1', { dose: 9 }));
    await b.sync();
    await a.sync();
    const choice = { fields: { dose: 'mine', unit: 'mine' }, version: entry.version } as const;
    const { mutations } = await a.device.conflicts.resolve(entry.id, { [entry.id]: choice });
    await a.sync();
    await a.sync();
    const list = await a.device.outbox.list();
    expect(list.map(({ id, state }) => [id, state.at])).toEqual([
      [entry.id, 'resolving'],
      [mutations[0], 'conflicted'],
    ]);
    const [again] = await a.device.conflicts.list();
    expect(again?.entries[0]).toMatchObject({ mine: { dose: 2 }, theirs: { dose: 9 } });
    await a.device.outbox.discard(entry.id === again?.entries[0]?.id ? entry.id : (again?.entries[0]?.id ?? ''));
    await a.sync();
    await a.sync();
    expect([await states(a), (await dose(a))?.dose]).toEqual([[], 9]);
  });

  test('[CF1, CF7] a choice upon the version that was shown has seen what was written here and sent since', async () => {
    const { a, b, entry } = await conflictedDose();
    await a.device.write((tx) => tx.doses.update('d1', { dose: 8 }));
    await a.sync();
    await a.sync();
    expect([await states(a), await dose(a)]).toMatchObject([['conflicted'], { dose: 8, unit: 'ml' }]);
    const choice = { fields: { dose: 'mine', unit: 'mine' }, version: entry.version } as const;
    await a.device.conflicts.resolve(entry.id, { [entry.id]: choice });
    await a.sync();
    await a.sync();
    await b.sync();
    expect([await states(a), await dose(b)]).toMatchObject([[], { dose: 2, unit: 'mg', route: 'nasal' }]);
  });

  test('[CF7] what nobody chose keeps its base and its stamp: what others made of it since wins or conflicts', async () => {
    const { a, b, entry } = await conflictedDose();
    const changes = async () => {
      const text = await a.device.outbox.export();
      const { entries } = JSON.parse(text) as { entries: { id: string; content: { set: Change[] } }[] };
      return new Map(entries.map(({ id, content }) => [id, content.set]));
    };
    await b.device.write((tx) => tx.doses.update('d1', { route: 'skin' }));
    await b.sync();
    await a.sync();
    const fields = { dose: 'mine', unit: 'mine' } as const;
    const { mutations } = await a.device.conflicts.resolve(entry.id, { [entry.id]: { fields } });
    const exported = await changes();
    const route = (id: string) => exported.get(id)?.find(({ values }) => 'route' in values);
    const { base, stamp } = route(entry.id) ?? {};
    expect(route(mutations[0] ?? '')).toMatchObject({ values: { route: 'nasal' }, base, stamp });
    await a.sync();
    await a.sync();
    const [again] = await a.device.conflicts.list();
    expect(again?.entries[0]).toMatchObject({ fields: ['route'], mine: { route: 'nasal' }, theirs: { route: 'skin' } });
  });

  test('[CF7, OB6] a later own write of the same field stays', async () => {
    const { a, entry } = await conflictedDose();
    a.link.up = false;
    await a.device.write((tx) => tx.doses.update('d1', { route: 'skin' }));
    const fields = { dose: 'mine', unit: 'mine' } as const;
    await a.device.conflicts.resolve(entry.id, { [entry.id]: { fields, version: entry.version } });
    expect(await dose(a)).toMatchObject({ dose: 2, unit: 'mg', route: 'skin' });
    a.link.up = true;
    await a.sync();
    await a.sync();
    expect([await states(a), await dose(a)]).toMatchObject([[], { dose: 2, unit: 'mg', route: 'skin' }]);
  });

  test.each([
    ['mine', 'mine', { dose: 7, unit: 'ml' }],
    ['theirs', 'theirs', { dose: 3, unit: 'ml' }],
    ['another value', { value: 4 }, { dose: 4, unit: 'ml' }],
  ] as const)(
    '[CF7, WR4] of two changes of one field in a transaction the choice is the last word: %s',
    async (_, choice, expected) => {
      const { a, b } = await conflictedDose((tx) => tx.doses.update('d1', { dose: 7, unit: 'ml' }));
      const [conflict] = await a.device.conflicts.list();
      const entry = conflict?.entries.find(({ fields }) => fields.length > 0);
      expect(entry).toMatchObject({ mine: { dose: 7, unit: 'ml' }, theirs: { dose: 3, unit: 'ml' } });
      const fields = { dose: choice, unit: typeof choice === 'string' ? choice : 'theirs' } as const;
      await a.device.conflicts.resolve(entry?.id ?? '', { [entry?.id ?? '']: { fields } });
      expect(await dose(a)).toMatchObject(expected);
      await a.sync();
      await a.sync();
      await b.sync();
      expect([await states(a), await dose(a), await dose(b)]).toMatchObject([[], expected, expected]);
    },
  );

  test('[CF9] a record that others deleted is kept: the whole of it comes back', async () => {
    const { a, b } = await conflictedDose();
    await a.device.outbox.discard((await a.device.outbox.list())[0]?.id ?? '');
    await a.sync();
    await a.sync();
    a.link.up = false;
    await a.device.write((tx) => tx.doses.update('d1', { dose: 7 }));
    await b.device.write((tx) => tx.doses.delete('d1'));
    await b.sync();
    a.link.up = true;
    await a.sync();
    await a.sync();
    expect(await dose(a)).toBeNull();
    const [conflict] = await a.device.conflicts.list();
    const entry = conflict?.entries[0];
    expect(entry).toMatchObject({ deletion: 'theirs', theirs: { dose: 3, route: 'oral' }, mine: { dose: 7 } });
    const id = entry?.id ?? '';
    await a.device.conflicts.resolve(id, { [id]: { record: 'keep', fields: { dose: 'mine', unit: 'theirs' } } });
    expect(await dose(a)).toMatchObject({ dose: 7, unit: 'ml', route: 'oral' });
    await a.sync();
    await a.sync();
    await b.sync();
    expect([await states(a), await dose(a), await dose(b)]).toMatchObject([
      [],
      { dose: 7, unit: 'ml', route: 'oral' },
      { dose: 7, unit: 'ml', route: 'oral' },
    ]);
  });

  test('[CF9] a record I deleted and others changed is deleted, or stays, as a person says', async () => {
    for (const record of ['keep', 'delete'] as const) {
      server = inProcessServer(app);
      const { a, b, entry } = await conflictedDose();
      await a.device.outbox.discard(entry.id);
      await a.sync();
      await a.sync();
      a.link.up = false;
      await a.device.write((tx) => tx.doses.delete('d1'));
      await b.device.write((tx) => tx.doses.update('d1', { dose: 8 }));
      await b.sync();
      a.link.up = true;
      await a.sync();
      await a.sync();
      expect((await dose(a))?.dose).toBe(8);
      const id = (await a.device.conflicts.list())[0]?.entries[0]?.id ?? '';
      await a.device.conflicts.resolve(id, { [id]: { record } });
      await a.sync();
      await a.sync();
      await b.sync();
      const expected = record === 'keep' ? 8 : undefined;
      expect([await states(a), (await dose(a))?.dose, (await dose(b))?.dose]).toEqual([[], expected, expected]);
    }
  });
});

/** Two of different ranks who have read the same note. */
async function ranked() {
  const office = schema({
    version: 1,
    collections: {
      notes: collection(
        { text: z.string(), place: z.string().nullable().default('here') },
        { scopes: ['office'], conflict: lastWriteWins({ authority: ['coordinator', 'mentor'] }) },
      ),
    },
  });
  const desk = inProcessServer(office);
  const as = (user: string, role: string) => testDevice(office, desk, { user, role, scopes: ['office'] });
  const [mentor, coordinator] = [await as('m', 'mentor'), await as('c', 'coordinator')];
  await mentor.device.write((tx) => tx.notes.create({ id: 'n1', text: 'first' }));
  await mentor.sync();
  await coordinator.sync();
  return { mentor, coordinator };
}

test('[CF6] a record where a higher rank decided is marked until somebody has seen it', async () => {
  const { mentor, coordinator } = await ranked();
  mentor.link.up = false;
  await coordinator.device.write((tx) => tx.notes.update('n1', { text: 'decided' }));
  await coordinator.sync();
  await mentor.device.write((tx) => tx.notes.update('n1', { text: 'later' }));
  mentor.link.up = true;
  await mentor.sync();
  await mentor.sync();
  expect(await mentor.device.query((db) => db.selectFrom('notes').select('text'))).toEqual([{ text: 'decided' }]);
  expect(await mentor.device.overridden.list()).toMatchObject([
    { collection: 'notes', record: 'n1', by: 'c', mine: { text: 'later' }, kept: { text: 'decided' } },
  ]);
  await mentor.device.overridden.seen('notes', 'n1');
  expect(await mentor.device.overridden.list()).toEqual([]);
  expect(await mentor.device.audit({ collection: 'notes', record: 'n1' })).toMatchObject([{ what: 'lost' }]);
});

test('[CF6] of several fields that a higher rank decided each is shown, until somebody has seen them', async () => {
  const { mentor, coordinator } = await ranked();
  mentor.link.up = false;
  await coordinator.device.write((tx) => tx.notes.update('n1', { text: 'decided', place: null }));
  await coordinator.sync();
  await mentor.device.write((tx) => tx.notes.update('n1', { text: 'later', place: 'there' }));
  mentor.link.up = true;
  await mentor.sync();
  await mentor.sync();
  expect(await mentor.device.overridden.list()).toMatchObject([
    { mine: { text: 'later', place: 'there' }, kept: { text: 'decided', place: null } },
  ]);
});

test('[CF5, CF6] who was overridden after the own write had been applied is told, and the record is marked', async () => {
  const { mentor, coordinator } = await ranked();
  coordinator.link.up = false;
  await coordinator.device.write((tx) => tx.notes.update('n1', { text: 'decided' }));
  await mentor.device.write((tx) => tx.notes.update('n1', { text: 'first here', place: 'there' }));
  await mentor.sync();
  await mentor.sync();
  expect(await mentor.device.overridden.list()).toEqual([]);
  coordinator.link.up = true;
  await coordinator.sync();
  await mentor.sync();
  await mentor.sync();
  const lost = { mine: { text: 'first here' }, kept: { text: 'decided' }, by: 'c' };
  expect(await mentor.device.overridden.list()).toMatchObject([{ collection: 'notes', record: 'n1', ...lost }]);
  expect(await mentor.device.audit({ collection: 'notes', record: 'n1' })).toMatchObject([
    { what: 'lost', user: 'm', mutation: null, detail: [{ ...lost, rule: 'authority' }] },
  ]);
  expect(await coordinator.device.overridden.list()).toEqual([]);
  await mentor.device.overridden.seen('notes', 'n1');
  await mentor.sync();
  expect(await mentor.device.overridden.list()).toEqual([]);
});
