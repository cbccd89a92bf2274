import { collection, type MutationId, schema, type UserId } from '@holdfast/core';
import fc from 'fast-check';
import { beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import { memoryStorageDriver } from '../platform/node/node-storage-driver.ts';
import type { StorageDriver } from '../ports/storage-driver.ts';
import { openStore } from '../store/open-store.ts';
import { settle } from '../sync/settle.ts';
import { chooseBatch } from './choose-batch.ts';
import type { NewEntry } from './entry.ts';
import type { EntryState } from './entry-state.ts';
import {
  allEntries,
  appendEntry,
  entangledEntries,
  releaseEntries,
  setStates,
  slimCandidates,
  slimEntries,
} from './outbox-store.ts';

const app = schema({ version: 1, collections: { notes: collection({ text: z.string() }, { scopes: ['all'] }) } });

const id = (number: number) => `m${number}` as MutationId;
const at = (number: number) => ({ id: id(number), position: '5' as never });

/** Most states are those of work that nothing has happened to. */
const states = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom<EntryState>({ at: 'pending' }, { at: 'sending' }) },
  fc.constantFrom<EntryState>(
    { at: 'waiting', since: 0, nextTry: 500, error: '' },
    { at: 'waiting', since: 0, nextTry: 5_000, error: '' },
    { at: 'blocked', by: [id(0)], reason: 'held' },
    { at: 'blocked', by: [id(0)], reason: 'not-live' },
    { at: 'blocked', by: [], reason: 'maybe-sent' },
    { at: 'accepted', receipt: { outcome: 'applied', ...at(0) } },
    { at: 'accepted', receipt: { outcome: 'refused', ...at(0), reason: 'forbidden', detail: null } },
    { at: 'refused', receipt: { outcome: 'refused', ...at(0), reason: 'forbidden', detail: null } },
    { at: 'resolving', by: null, receipt: null },
  ),
);

/** How far back what it names is; further than the beginning: it is here no more. */
const back = fc.integer({ min: 1, max: 30 });
const rarely = <T>(some: fc.Arbitrary<T>, none: T) => fc.oneof({ weight: 6, arbitrary: fc.constant(none) }, some);

const drawnEntry = fc.record({
  state: states,
  priority: fc.constantFrom(5, 5, 5, 1, 9),
  previous: rarely(fc.option(back), null),
  needs: rarely(fc.array(back, { maxLength: 2 }), []),
  after: rarely(fc.array(back, { maxLength: 1 }), []),
  /** It belongs to the transaction of the one before it. */
  together: rarely(fc.constant(true), false),
  /** The transaction that begins with it is named after it. */
  ownName: rarely(fc.constant(false), true),
});
type Drawn = typeof drawnEntry extends fc.Arbitrary<infer T> ? T : never;
const outboxes = fc.array(drawnEntry, { minLength: 10, maxLength: 40 });

async function fill(storage: StorageDriver, drawn: readonly Drawn[]): Promise<void> {
  let transaction = '';
  await storage.write(async (tx) => {
    await tx.run('DELETE FROM hf_outbox');
    for (const [index, each] of drawn.entries()) {
      const number = index + 100;
      if (!each.together || index === 0) transaction = each.ownName ? id(number) : `t${number}`;
      const named = (back: readonly number[]) => back.map((steps) => id(number - steps));
      const entry = {
        id: id(number),
        transaction: transaction as NewEntry['transaction'],
        user: 'ada' as UserId,
        collection: 'notes',
        record: `r${number}`,
        schema: 1,
        previous: each.previous === null ? null : id(number - each.previous),
        needs: named(each.needs),
        afterReferring: named(each.after),
        resolves: [],
        content: { kind: 'create', set: [] },
        stamp: '' as NewEntry['stamp'],
        priority: each.priority,
        madeAt: 0,
      } satisfies NewEntry;
      await appendEntry(tx, entry, [], each.state);
    }
  });
}

let storage: StorageDriver;
beforeEach(async () => {
  storage = memoryStorageDriver();
  await openStore(storage, app, 'ada' as UserId, () => 'd1' as never);
});

test('[OB4, OB1, OB2, WR4] the candidates give the batch that all entries would give', async () => {
  await fc.assert(
    fc.asyncProperty(
      outboxes,
      fc.integer({ min: 1, max: 12 }),
      fc.option(fc.constant(7)),
      async (drawn, most, upTo) => {
        await fill(storage, drawn);
        const { all, some } = await storage.read(async (tx) => {
          const ids = new Set((await allEntries(tx)).map((entry) => entry.id));
          return { all: await slimEntries(tx, ids), some: await slimCandidates(tx, most) };
        });
        const limits = { mutations: most, bytes: 2_000, ...(upTo !== null && { upTo }) };
        expect(chooseBatch(some, 1_000, limits)).toEqual(chooseBatch(all, 1_000, limits));
      },
    ),
    { numRuns: 400 },
  );
});

test('[SY15, OB5] the entangled entries settle as all of them would', async () => {
  await fc.assert(
    fc.asyncProperty(outboxes, async (drawn) => {
      await fill(storage, drawn);
      const { all, some } = await storage.read(async (tx) => ({
        all: await allEntries(tx),
        some: await entangledEntries(tx),
      }));
      expect(settle(some, '10:10:' as never)).toEqual(settle(all, '10:10:' as never));
    }),
    { numRuns: 400 },
  );
});

test('[WR4, OB5] a transaction whose first entry looks ready takes nobody the place', async () => {
  const plain = { previous: null, needs: [], after: [], priority: 5, ownName: true } as const;
  const one = (together: boolean, state: EntryState): Drawn => ({ ...plain, needs: [], after: [], together, state });
  const waiting: EntryState = { at: 'waiting', since: 0, nextTry: 5_000, error: '' };
  await fill(storage, [one(false, { at: 'pending' }), one(true, waiting), one(false, { at: 'pending' })]);
  const read = await storage.read((tx) => slimCandidates(tx, 1));
  expect(chooseBatch(read, 1_000, { mutations: 1, bytes: 2_000 })).toEqual([id(102)]);
});

test('[OB4] of a long outbox of plain entries only what goes first is read', async () => {
  const drawn = Array.from({ length: 30 }, (_, index): Drawn => {
    const plain = { state: { at: 'pending' }, previous: null, needs: [], after: [], together: false } as const;
    return { ...plain, needs: [], after: [], ownName: true, priority: index > 20 ? 1 : 5 };
  });
  await fill(storage, drawn);
  const read = await storage.read((tx) => slimCandidates(tx, 12));
  expect(read.map((entry) => entry.priority)).toEqual([5, 5, 5, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
  expect(await storage.read(entangledEntries)).toEqual([]);
});

test('[WR8] released entries are kept among what was sent, and refer to nothing any more', async () => {
  await storage.write(async (tx) => {
    const entry = {
      user: 'ada' as UserId,
      collection: 'notes',
      schema: 1,
      previous: null,
      needs: [],
      afterReferring: [],
    };
    for (const number of [1, 2]) {
      const made = { ...entry, id: id(number), transaction: id(number) as never, record: `r${number}`, resolves: [] };
      const content = { kind: 'create', set: [] } as const;
      const whole: NewEntry = { ...made, content, stamp: '' as NewEntry['stamp'], priority: 5, madeAt: 0 };
      await appendEntry(tx, whole, [{ collection: 'notes', record: 'r0' }]);
    }
    const [first] = await allEntries(tx);
    if (first === undefined) throw new Error('nothing was appended');
    await setStates(tx, [{ seq: first.seq, state: { at: 'sending' } }]);
    await releaseEntries(tx, [{ entry: first, receipt: { outcome: 'applied', ...at(1) } }], 7);
    expect(await tx.all('SELECT id, seq, released_at FROM hf_sent')).toEqual([{ id: 'm1', seq: 1, released_at: 7 }]);
    expect(await tx.all('SELECT id, seq FROM hf_outbox')).toEqual([{ id: 'm2', seq: 2 }]);
    expect(await tx.all('SELECT entry FROM hf_outbox_ref')).toEqual([{ entry: 'm2' }]);
  });
});
