import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { MutationId, TransactionId } from '../ids/ids.ts';
import { collection } from '../schema/collection.ts';
import { type ConflictPolicy, lastWriteWins, manual } from '../schema/policies.ts';
import { type Collection, schema } from '../schema/schema.ts';
import { type Stamp, stampOf } from '../time/stamp.ts';
import type { Json } from '../value/json.ts';
import { type Epoch, type Version, versionCount, versionOf } from '../version/version.ts';
import type { UpdateMutation } from '../wire/mutation.ts';
import { decide } from './decide.ts';
import type { Decision } from './decision.ts';
import type { FieldMark, RecordState } from './record-state.ts';

const epoch = '0000000010000' as Epoch;
const v = (count: number) => versionOf(epoch, count);

function rules(conflict: ConflictPolicy): Collection {
  const fields = { a: z.number(), b: z.number(), c: z.number(), d: z.number() };
  const definition = collection(fields, { scopes: ['all'], conflict, groups: [['c', 'd']] });
  const found = schema({ version: 1, collections: { records: definition } }).collections.get('records');
  if (found === undefined) throw new Error('the collection is there');
  return found;
}

/** One write of a small set: what it sets, by whom, and which earlier ones of the set its writer had seen. */
interface Write {
  readonly number: number;
  readonly fields: readonly string[];
  readonly role: string | null;
  readonly sees: ReadonlySet<number>;
  readonly stamp: Stamp;
}

interface World {
  readonly state: RecordState;
  readonly versions: ReadonlyMap<number, Version>;
}

const createdMark: FieldMark = { version: v(1), stamp: stampOf(0, 0), tie: '', authority: null, by: null };
const start: World = {
  state: { version: v(1), values: { a: 0, b: 0, c: 0, d: 0 }, marks: {}, created: createdMark, deleted: null },
  versions: new Map(),
};

const idOf = (number: number) => `m-${String(number).padStart(3, '0')}` as MutationId;

/** One write arrives. What its writer has seen is given version by version, so that any order can be told. */
function arrive(world: World, write: Write, collection: Collection): { world: World; decision: Decision } {
  const values = Object.fromEntries(write.fields.map((field) => [field, write.number]));
  const mutation: UpdateMutation = {
    kind: 'update',
    id: idOf(write.number),
    transaction: 't' as TransactionId,
    schema: 1,
    after: [],
    needs: [],
    resolves: [],
    collection: 'records',
    record: 'r1',
    base: v(1),
    set: [{ values, base: v(1), stamp: write.stamp }],
    ops: [],
  };
  const own = new Set([...write.sees].flatMap((number) => world.versions.get(number) ?? []));
  const writer = { user: `u${write.number}`, authority: write.role, own, clamp: (stamp: Stamp) => stamp };
  const decision = decide(world.state, mutation, collection, writer);
  if (decision.outcome !== 'applied' && decision.outcome !== 'merged') return { world, decision };
  const { write: change } = decision;
  if (change.kind !== 'update') return { world, decision };
  const version = v(versionCount(world.state.version) + 1);
  const merged: Record<string, Json> = { ...world.state.values };
  const marks: Record<string, FieldMark> = { ...world.state.marks };
  for (const { values: won, stamp } of change.changes) {
    Object.assign(merged, won);
    const mark = { version, stamp, tie: mutation.id, authority: write.role, by: writer.user };
    for (const field of Object.keys(won)) marks[field] = mark;
  }
  const state = { ...world.state, version, values: merged, marks };
  return { world: { state, versions: new Map([...world.versions, [write.number, version]]) }, decision };
}

function end(order: readonly Write[], collection: Collection): Readonly<Record<string, Json>> {
  return order.reduce((world, write) => arrive(world, write, collection).world, start).state.values;
}

/** Every order in which what a writer had seen comes before its write. */
function* causalOrders(writes: readonly Write[], done: readonly Write[] = []): Iterable<readonly Write[]> {
  if (done.length === writes.length) yield done;
  const arrived = new Set(done.map(({ number }) => number));
  for (const write of writes) {
    if (arrived.has(write.number) || ![...write.sees].every((number) => arrived.has(number))) continue;
    yield* causalOrders(writes, [...done, write]);
  }
}

const fieldSets = fc.constantFrom(['a'], ['b'], ['a', 'b'], ['c', 'd'], ['a', 'c', 'd']);

/** `sight`: may a writer have seen earlier writes? Its clock then passed their stamps (CF10). */
function writesOf(count: { min: number; max: number }, roles: readonly (string | null)[], sight: boolean) {
  const one = fc.record({
    fields: fieldSets,
    role: fc.constantFrom(...roles),
    ms: fc.integer({ min: 1, max: 6 }),
    sees: fc.array(fc.nat(), { maxLength: sight ? 3 : 0 }),
  });
  return fc.array(one, { minLength: count.min, maxLength: count.max }).map((drafts) => {
    const writes: Write[] = [];
    for (const [number, { fields, role, ms, sees }] of drafts.entries()) {
      const seen = new Set<number>();
      for (const pick of number === 0 ? [] : sees) {
        const target = pick % number;
        seen.add(target);
        for (const further of writes[target]?.sees ?? []) seen.add(further);
      }
      const passed = [...seen].map((each) => writes[each]?.stamp ?? stampOf(0, 0)).sort();
      const highest = passed.at(-1);
      const stamp = highest !== undefined && highest >= stampOf(ms, 0) ? next(highest) : stampOf(ms, 0);
      writes.push({ number, fields, role, sees: seen, stamp });
    }
    return writes;
  });
}

const next = (stamp: Stamp) =>
  stampOf(Number.parseInt(stamp.slice(0, 12), 16), Number.parseInt(stamp.slice(12), 16) + 1);

describe('laws', () => {
  test('[CF5, CF11] lastWriteWins ends alike in every order of arrival, where clocks pass what they pull', () => {
    const collection = rules(lastWriteWins());
    fc.assert(
      fc.property(writesOf({ min: 2, max: 5 }, [null], true), (writes) => {
        const ends = new Set([...causalOrders(writes)].map((order) => JSON.stringify(end(order, collection))));
        expect(ends.size).toBe(1);
      }),
      { numRuns: 2_000 },
    );
  });

  test('[CF6, CF11] authority ends alike for two writes, whatever one has seen of the other', () => {
    const collection = rules(lastWriteWins({ authority: ['coordinator', 'mentor'] }));
    fc.assert(
      fc.property(writesOf({ min: 2, max: 2 }, ['coordinator', 'mentor', null], true), (writes) => {
        const ends = new Set([...causalOrders(writes)].map((order) => JSON.stringify(end(order, collection))));
        expect(ends.size).toBe(1);
      }),
      { numRuns: 2_000 },
    );
  });

  test('[CF6, CF11] authority ends alike for any number of concurrent writes', () => {
    const collection = rules(lastWriteWins({ authority: ['coordinator', 'mentor'] }));
    fc.assert(
      fc.property(writesOf({ min: 2, max: 4 }, ['coordinator', 'mentor', null], false), (writes) => {
        const ends = new Set([...causalOrders(writes)].map((order) => JSON.stringify(end(order, collection))));
        expect(ends.size).toBe(1);
      }),
      { numRuns: 1_000 },
    );
  });

  test('[CF2, CF3] every value is that of one write, and a group that of one and the same', () => {
    const collection = rules(lastWriteWins());
    fc.assert(
      fc.property(writesOf({ min: 1, max: 6 }, [null], true), (writes) => {
        const values = end(writes, collection);
        expect(values['c']).toBe(values['d']);
        for (const field of ['a', 'b', 'c']) {
          const setters = writes.filter(({ fields }) => fields.includes(field)).map(({ number }) => number);
          expect(setters.length === 0 ? [0] : setters).toContain(values[field]);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  test('[CF5] a write that has seen all others always wins', () => {
    const collection = rules(lastWriteWins());
    fc.assert(
      fc.property(writesOf({ min: 2, max: 6 }, [null], false), (writes) => {
        const last = writes.at(-1);
        if (last === undefined) return;
        const before = writes.slice(0, -1);
        const all = { ...last, sees: new Set(before.map(({ number }) => number)), stamp: stampOf(0, 1) };
        const values = end([...before, all], collection);
        for (const field of all.fields) expect(values[field]).toBe(all.number);
      }),
      { numRuns: 1_000 },
    );
  });

  test('[CF7] manual: nothing that its writer had not seen is ever overwritten, nor anything beside it written', () => {
    const collection = rules(manual());
    fc.assert(
      fc.property(writesOf({ min: 1, max: 6 }, [null], true), (writes) => {
        let world = start;
        for (const write of writes) {
          const seen = new Set([...write.sees].flatMap((number) => world.versions.get(number) ?? []));
          const unseen = write.fields.some((field) => {
            const mark = world.state.marks[field];
            return mark !== undefined && !seen.has(mark.version);
          });
          const result = arrive(world, write, collection);
          expect(result.decision.outcome).toBe(unseen ? 'conflict' : 'applied');
          if (unseen) expect(result.world.state).toBe(world.state);
          world = result.world;
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
