import {
  canonicalJson,
  type DeviceId,
  type ExchangeRequest,
  type ExchangeResponse,
  type Json,
  type Mutation,
  type MutationId,
  mintEpoch,
  must,
  type Scope,
  scopesOf,
  stampOf,
  type TransactionId,
  type UserId,
  VERSION_NONE,
  versionCount,
  WANT_ALL,
} from '@holdfast/core';
import { clinic, MutationMaker, Replica, type ReplicaRecord } from '@holdfast/testkit';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Principal } from '../auth/principal.ts';
import { withoutTheirs } from '../decide/without-theirs.ts';
import { memoryStore } from '../memory/memory-store.ts';
import { recordKey } from '../store/server-store.ts';
import { createExchange } from './create-exchange.ts';

const MENTORS = ['ada', 'bob'];
const RECORDS = ['r1', 'r2', 'r3'];
const COLLECTIONS = ['contacts', 'doses'] as const;
const ALL_SCOPES = ['mentor:ada', 'mentor:bob'] as Scope[];
/** So that a page holds two or three records. */
const LONG = 'x'.repeat(300);
const ORDER = ['contacts', 'doses', 'rules'];
const NOW_MS = 1_800_000_000_000;
/** Seeded rows and the first few writes are older than this. */
const WINDOW_MS = NOW_MS - 1_700_000_000_060;

type Step =
  | { readonly do: 'write'; readonly device: number; readonly pause: boolean; readonly parts: readonly Part[] }
  | { readonly do: 'pull'; readonly device: number; readonly lost: boolean }
  | { readonly do: 'repeat'; readonly which: number }
  | { readonly do: 'release' }
  | { readonly do: 'compact'; readonly all: boolean }
  | { readonly do: 'epoch' }
  | {
      readonly do: 'select';
      readonly device: number;
      readonly window: boolean;
      readonly collections: readonly string[] | null;
    }
  | { readonly do: 'rescope'; readonly device: number; readonly scopes: readonly Scope[] };

interface Part {
  readonly kind: 'create' | 'update' | 'delete';
  readonly collection: (typeof COLLECTIONS)[number];
  readonly record: string;
  readonly pick: number;
}

const part: fc.Arbitrary<Part> = fc.record({
  kind: fc.constantFrom('create', 'create', 'update', 'update', 'update', 'delete', 'delete'),
  collection: fc.constantFrom(...COLLECTIONS),
  record: fc.constantFrom(...RECORDS),
  pick: fc.nat(11),
});
const device = fc.nat(2);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      device,
      pause: fc.boolean(),
      parts: fc.oneof(
        { weight: 3, arbitrary: fc.tuple(part) },
        { weight: 1, arbitrary: fc.array(part, { minLength: 2, maxLength: 3 }) },
      ),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('pull' as const), device, lost: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('repeat' as const), which: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('release' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('compact' as const), all: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('epoch' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('select' as const),
      device,
      window: fc.boolean(),
      collections: fc.option(fc.subarray([...COLLECTIONS])),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('rescope' as const), device, scopes: fc.subarray(ALL_SCOPES) }),
  },
);

/** Everything in memory runs in microtasks: after one turn of the loop only what is paused is left. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

class World {
  readonly make = new MutationMaker();
  readonly replicas = [1, 2, 3].map((n) => new Replica(`01900000-0000-7000-8000-00000000000${n}` as DeviceId));
  readonly scopes: (readonly Scope[])[] = [ALL_SCOPES, ['mentor:ada' as Scope], ['mentor:bob' as Scope]];
  readonly sent: { readonly device: number; readonly request: ExchangeRequest }[] = [];
  readonly mutations = new Map<MutationId, Mutation>();
  readonly outcomes = new Map<MutationId, string>();
  readonly wants = [WANT_ALL, WANT_ALL, WANT_ALL];
  checkpoints = 0;
  early = 0;
  aged = 0;
  compactions = 0;
  epochs = 0;
  #failure: unknown = null;
  #pauseNext = false;
  #gates: (() => void)[] = [];
  readonly store = memoryStore({
    schema: clinic,
    epoch: mintEpoch(1_700_000_000_000, new Uint8Array(4), null),
    beforeCommit: () => this.#pause(),
  });
  readonly #exchange = createExchange({
    store: this.store,
    schema: clinic,
    clock: { now: () => NOW_MS },
    meetAgainMs: 0,
  });

  async #pause(): Promise<void> {
    if (!this.#pauseNext) return;
    this.#pauseNext = false;
    await new Promise<void>((resolve) => this.#gates.push(resolve));
  }

  principal(index: number): Principal {
    return { user: `user${index}` as UserId, role: 'coordinator', scopes: this.scopes[index] ?? [] };
  }

  /** Sends, and gives the answer if it came at once; what is paused is looked at when it ends. */
  async ask(index: number, request: ExchangeRequest): Promise<ExchangeResponse | null> {
    let answer: ExchangeResponse | null = null;
    this.#exchange(this.principal(index), request)
      .then((result) => {
        if (!result.ok) throw new Error(result.error.code);
        answer = result.value;
        this.#note(result.value);
      })
      .catch((error: unknown) => {
        this.#failure = error;
      });
    await settle();
    if (this.#failure !== null) throw this.#failure;
    return answer;
  }

  /** SV1 and WR4: one outcome for ever, and one for a transaction. */
  #note(response: ExchangeResponse): void {
    const kinds = new Map<TransactionId, Set<string>>();
    for (const { position: _, ...receipt } of response.receipts.map(withoutTheirs)) {
      const text = canonicalJson(receipt as unknown as Json);
      expect(this.outcomes.get(receipt.id) ?? text).toBe(text);
      this.outcomes.set(receipt.id, text);
      const { transaction } = must(this.mutations.get(receipt.id), 'the mutation of a receipt');
      const kind = receipt.outcome === 'merged' ? 'applied' : receipt.outcome;
      kinds.set(transaction, new Set([...(kinds.get(transaction) ?? []), kind]));
    }
    for (const each of kinds.values()) expect(each.size).toBe(1);
  }

  /** Records that others loaded, so that there is something to write upon. */
  async seed(): Promise<void> {
    for (const [at, id] of RECORDS.slice(0, 2).entries()) {
      const mentorId = must(MENTORS[at], 'a mentor');
      await this.store.importRows('contacts', [{ id, values: { name: LONG, phone: null, mentorId } }]);
      await this.store.importRows('doses', [{ id, values: { contactId: id, drug: LONG, amount: 1, unit: 'mg' } }]);
    }
  }

  async write(index: number, parts: readonly Part[], pause: boolean): Promise<void> {
    const transaction = this.make.uuid<TransactionId>();
    const replica = must(this.replicas[index], 'a device');
    const seen = new Map<string, MutationId[]>();
    const mutations = parts.map((each) => {
      const key = recordKey(each.collection, each.record);
      const after = seen.get(key) ?? [];
      const mutation = this.#mutation(each, replica, transaction, after);
      seen.set(key, [...after, mutation.id]);
      this.mutations.set(mutation.id, mutation);
      return mutation;
    });
    const request = { ...replica.request(), mutations, cursor: null, catchUp: null };
    this.sent.push({ device: index, request });
    this.#pauseNext = pause;
    await this.ask(index, request);
    this.#pauseNext = false;
  }

  #mutation(
    { kind, collection, record, pick }: Part,
    replica: Replica,
    transaction: TransactionId,
    after: readonly MutationId[],
  ): Mutation {
    const base = replica.records.get(recordKey(collection, record))?.version ?? VERSION_NONE;
    const common = { collection, record, transaction, after, base };
    const mentor = must(MENTORS[pick % 2], 'a mentor');
    const contactId = must(RECORDS[pick % 3], 'a contact');
    const contact = { name: `n${pick}${LONG}`, phone: null, mentorId: mentor };
    const dose = { contactId, drug: `d${pick}${LONG}`, amount: pick, unit: 'mg' };
    const whole: Record<string, string | number | null> = collection === 'contacts' ? contact : dose;
    const fields = collection === 'contacts' ? ['name', 'mentorId', 'phone'] : ['drug', 'contactId'];
    if (kind === 'create') return this.make.create({ ...common, values: whole });
    if (kind === 'delete') return this.make.delete(common);
    const field = must(fields[pick % fields.length], 'a field');
    return this.make.update({ ...common, values: { [field]: whole[field] ?? null } });
  }

  async pull(index: number, lost: boolean): Promise<boolean> {
    const replica = must(this.replicas[index], 'a device');
    const want = must(this.wants[index], 'what it holds');
    const records = [...replica.wanted].map((key) => {
      const [collection = '', record = ''] = key.split('/');
      return { collection, record: record as never };
    });
    const answer = await this.ask(
      index,
      replica.request({ want: { ...want, records, checksums: true, maxBytes: 1_024 } }),
    );
    if (answer === null || lost) return false;
    const checkpoint = replica.take(answer);
    const truth = await this.#truth(this.scopes[index] ?? [], want);
    for (const collection of answer.whole) {
      this.early += 1;
      const part = Object.entries(truth).filter(([key]) => key.startsWith(`${collection}/`));
      expect(shown(must(replica.early.get(collection), collection))).toEqual(Object.fromEntries(part));
    }
    if (!checkpoint) return false;
    this.checkpoints += 1;
    const held = shown(replica.records);
    for (const key of replica.wanted) delete held[key];
    for (const [key, record] of Object.entries(truth)) {
      if (replica.wanted.has(key)) delete truth[key];
      // Held in full from before it grew old: to be given up is the device's own business.
      else if (record.values === null && held[key]?.values !== null) delete held[key]?.values;
      if (record.values === null && held[key] !== undefined && !('values' in held[key])) {
        delete (record as { values?: unknown }).values;
      }
      this.aged += record.values === null ? 1 : 0;
    }
    expect(held).toEqual(truth);
    return true;
  }

  select(index: number, window: boolean, collections: readonly string[] | null): void {
    const youngerThanMs = window ? WINDOW_MS : null;
    this.wants[index] = { ...WANT_ALL, youngerThanMs, collections: collections === null ? null : [...collections] };
    const replica = must(this.replicas[index], 'a device');
    replica.forget();
    replica.wanted.clear();
  }

  /** With `all` set, as if no device had been seen for long: they find out that they are too old. */
  async compact(all: boolean): Promise<void> {
    const { rows, records } = await this.store.compact(all ? 1 : 0);
    this.compactions += rows + records > 0 ? 1 : 0;
  }

  /** Waits for what is paused: not for long, or nothing else would happen. */
  async beginEpoch(): Promise<void> {
    this.epochs += 1;
    const begun = this.store.newEpoch();
    await this.release();
    await this.release();
    await begun;
  }

  /** SY8, SV2: what a device holds at a checkpoint is what a reader that knows nothing finds at that moment. */
  async #truth(scopes: readonly Scope[], want: typeof WANT_ALL): Promise<Record<string, Shown>> {
    const nobody = '01900000-0000-7000-8000-000000000009' as DeviceId;
    const { rows } = await this.store.read({
      device: nobody,
      scopes,
      since: null,
      collections: want.collections === null ? ORDER : ORDER.filter((name) => want.collections?.includes(name)),
      after: null,
      limit: 10_000,
      agedBefore: want.youngerThanMs === null ? null : stampOf(NOW_MS - want.youngerThanMs, 0),
    });
    const held: Record<string, Shown> = {};
    for (const { collection, id, version, values, scope } of rows) {
      const key = recordKey(collection, id);
      held[key] = { version, values, scopes: [...(held[key]?.scopes ?? []), scope].sort() };
    }
    return held;
  }

  async release(): Promise<void> {
    const gates = this.#gates;
    this.#gates = [];
    for (const open of gates) open();
    await settle();
  }

  /** Asks the records themselves: scopes by the schema's rule, one version for each effect. */
  async expectSound(): Promise<void> {
    const records = COLLECTIONS.flatMap((collection) => RECORDS.map((id) => ({ collection, id })));
    const loaded = await this.store.transaction((tx) =>
      tx.load({ device: this.replicas[0]?.device as DeviceId, ids: [...this.mutations.keys()], records, parents: [] }),
    );
    for (const { collection, id } of records) {
      const key = recordKey(collection, id);
      const record = loaded.records.get(key);
      if (record === undefined) continue;
      const expected = scopesOf(
        clinic,
        must(clinic.collections.get(collection), collection),
        id,
        record.state.values,
        (c, p) => {
          const parent = loaded.records.get(recordKey(c, p))?.state;
          return parent === undefined || parent.deleted !== null ? null : parent.values;
        },
      );
      expect(record.scopes).toEqual(record.state.deleted === null ? expected : []);
      const made = [...loaded.applied.values()].filter((row) => row.collection === collection && row.record === id);
      const counts = new Set(made.flatMap(({ version }) => (version === null ? [] : [versionCount(version)])));
      const seeded = id === RECORDS[2] ? 0 : 1;
      const length = versionCount(record.state.version) - seeded;
      const all = Array.from({ length }, (_, i) => i + 1 + seeded);
      expect([...counts].sort((a, b) => a - b)).toEqual(all);
    }
  }
}

interface Shown {
  version: string;
  values?: unknown;
  scopes: Scope[];
}

function shown(records: Replica['records'] | ReadonlyMap<string, ReplicaRecord>): Record<string, Shown> {
  return Object.fromEntries(
    [...records].map(([key, { version, values, scopes }]) => [key, { version, values, scopes: [...scopes].sort() }]),
  );
}

async function run(world: World, each: Step): Promise<void> {
  if (each.do === 'write') await world.write(each.device, each.parts, each.pause);
  else if (each.do === 'pull') await world.pull(each.device, each.lost);
  else if (each.do === 'release') await world.release();
  else if (each.do === 'select') world.select(each.device, each.window, each.collections);
  else if (each.do === 'compact') await world.compact(each.all);
  else if (each.do === 'epoch') await world.beginEpoch();
  else if (each.do === 'rescope') world.scopes[each.device] = each.scopes;
  else {
    const again = world.sent[each.which % Math.max(1, world.sent.length)];
    if (again !== undefined) await world.ask(again.device, again.request);
  }
}

test('[SV1, SV2, SV3, SY7, SY8, SY9, SY10, SY11, SY12, SY14, SY16, WR4] random histories of writers, readers, pauses, repeats, losses, changing scopes and selections, compactions and epochs', async () => {
  let checkpoints = 0;
  let effects = 0;
  const seen = { early: 0, aged: 0, compactions: 0, epochs: 0, compared: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60, size: 'max' }), async (steps) => {
      const world = new World();
      await world.seed();
      for (const each of steps) await run(world, each);
      await world.release();
      await world.release();
      for (const { device: index, request } of world.sent) expect(await world.ask(index, request)).not.toBeNull();
      await world.expectSound();
      for (const index of [0, 1, 2]) {
        for (let rounds = 0; !(await world.pull(index, false)); rounds += 1) expect(rounds).toBeLessThan(200);
      }
      checkpoints += world.checkpoints;
      for (const name of ['early', 'aged', 'compactions', 'epochs'] as const) seen[name] += world[name];
      seen.compared += world.replicas.reduce((sum, { compared }) => sum + compared, 0);
      effects += [...world.outcomes.values()].filter((text) => text.includes('"applied"')).length;
    }),
    { numRuns: 300 },
  );
  // A history in which nothing happens proves nothing.
  expect(checkpoints).toBeGreaterThan(600);
  expect(effects).toBeGreaterThan(150);
  // What is paused holds most compactions up.
  const few = { ...seen, compactions: seen.compactions * 10 };
  expect(Object.entries(few).filter(([, count]) => count <= 50)).toEqual([]);
}, 300_000);
