import {
  canonicalJson,
  command,
  type DeviceId,
  type ExchangeRequest,
  type ExchangeResponse,
  type Json,
  type Mutation,
  type MutationId,
  must,
  ref,
  type Scope,
  schema,
  type TransactionId,
  type UserId,
  VERSION_NONE,
  WANT_ALL,
} from '@holdfast/core';
import { clinic, MutationMaker, type MutationParts, Replica, requestOf, systemPorts } from '@holdfast/testkit';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Principal } from '../auth/principal.ts';
import { commandHandlers, reject } from '../commands/command-handler.ts';
import { memoryStore } from '../memory/memory-store.ts';
import { pgliteStore } from '../sql/pglite-store.ts';
import { recordKey, type ServerStore } from '../store/server-store.ts';
import { createExchange, type Exchange } from './create-exchange.ts';
import { handleExchangeText } from './handle-exchange-text.ts';

/** The clinic, with an operation that writes in two collections. */
const app = schema({
  ...clinic,
  collections: clinic.definitions,
  commands: { visit: command({ contact: ref('contacts'), name: z.string(), dose: ref('doses') }) },
});
const commands = commandHandlers(app, {
  visit: (records, { args }) => {
    const contact = records.read('contacts', args.contact);
    if (contact === null) return reject('nobody there');
    records.update('contacts', args.contact, { phone: args.name });
    if (records.read('doses', args.dose) === null) {
      records.insert('doses', args.dose, { contactId: args.contact, drug: args.name, amount: 1, unit: 'ml' });
    } else if (args.name.endsWith('1')) records.delete('doses', args.dose);
    else records.update('doses', args.dose, { drug: args.name });
    return { was: contact['phone'] as Json };
  },
});

let sql: ServerStore;
const clock = { now: () => 1_800_000_000_000 };

beforeAll(async () => {
  sql = await pgliteStore({ folder: null, schema: app, ...systemPorts });
});
afterAll(() => sql.close());

const COLLECTIONS = ['contacts', 'doses'] as const;
const MENTORS = ['ada', 'bob'];

interface Part {
  readonly kind: 'create' | 'update' | 'delete' | 'restore' | 'command' | 'discard';
  readonly collection: (typeof COLLECTIONS)[number];
  readonly record: number;
  readonly pick: number;
  readonly own: boolean;
  /** Stands for the device's last mutation of the record, and needs its create. */
  readonly mends: boolean;
}

interface Step {
  readonly device: number;
  readonly parts: readonly Part[];
  readonly together: boolean;
}

const part: fc.Arbitrary<Part> = fc.record({
  kind: fc.constantFrom('create', 'update', 'update', 'update', 'delete', 'restore', 'command', 'discard'),
  collection: fc.constantFrom(...COLLECTIONS),
  record: fc.nat(2),
  pick: fc.nat(11),
  own: fc.boolean(),
  mends: fc.nat(3).map((chance) => chance === 0),
});
const step: fc.Arbitrary<Step> = fc.record({
  device: fc.nat(1),
  parts: fc.oneof(
    { weight: 1, arbitrary: fc.constant([]) },
    { weight: 2, arbitrary: fc.tuple(part) },
    { weight: 1, arbitrary: fc.array(part, { minLength: 2, maxLength: 4 }) },
  ),
  together: fc.boolean(),
});

/** Every history begins with something to write upon: two contacts, and a dose of each. */
const OPENING: Step = {
  device: 1,
  parts: [0, 1].flatMap((record) =>
    COLLECTIONS.map(
      (collection): Part => ({ kind: 'create', collection, record, pick: record, own: false, mends: false }),
    ),
  ),
  together: false,
};

/** One history against one store. What it answers, without what two databases number differently. */
class Run {
  readonly #exchange: Exchange;
  readonly #make = new MutationMaker();
  readonly #replicas: readonly Replica[];
  readonly #name: string;
  readonly #made = new Map<string, Mutation[]>();

  constructor(store: ServerStore, number: number) {
    this.#exchange = createExchange({ store, schema: app, clock, commands });
    this.#name = `run${number}`;
    const hex = number.toString(16).padStart(8, '0');
    this.#replicas = [1, 2].map((n) => new Replica(`${hex}-0000-7000-8000-00000000000${n}` as DeviceId));
    // Ids are one series a run, and no two runs share a database's.
    const plain = this.#make.uuid.bind(this.#make);
    this.#make.uuid = <T extends string>() => plain<string>().replace(/^01900000/, hex) as T;
  }

  /** Of this run alone, as if the database were its own. */
  #own(text: string): string {
    return `${this.#name}-${text}`;
  }

  async take({ device, parts, together }: Step): Promise<unknown> {
    const replica = must(this.#replicas[device], 'a device');
    const transaction = this.#make.uuid<TransactionId>();
    const made = parts.map((each) => {
      const at = together ? transaction : this.#make.uuid<TransactionId>();
      return this.#mutation(each, replica, at);
    });
    // What is taken back in the message that brings it stands there once, as the discard.
    const mutations = [...new Map(made.map((each) => [each.id, each])).values()];
    const scopes = MENTORS.slice(0, device + 1).map((name) => `mentor:${this.#own(name)}` as Scope);
    const who: Principal = { user: this.#own(`user${device}`) as UserId, role: 'coordinator', scopes };
    const request = replica.request({ mutations });
    const answered = await this.#exchange(who, request);
    if (!answered.ok) throw new Error(answered.error.code);
    replica.take(answered.value);
    return comparable(answered.value, replica);
  }

  #mutation(
    { kind, collection, record, pick, own, mends }: Part,
    replica: Replica,
    transaction: TransactionId,
  ): Mutation {
    const id = this.#own(`r${record}`);
    const key = recordKey(collection, id);
    const earlier = this.#made.get(`${replica.device} ${key}`) ?? [];
    const base = replica.records.get(key)?.version ?? VERSION_NONE;
    const after = own ? earlier.map((each) => each.id) : [];
    const resolves = mends ? earlier.slice(-1).map((each) => each.id) : [];
    const needs = mends ? earlier.slice(0, 1).map((each) => each.id) : [];
    const common = { collection, record: id, transaction, base, after, needs, resolves };
    const contact = { name: `n${pick}`, phone: null, mentorId: this.#own(must(MENTORS[pick % 2], 'a mentor')) };
    const dose = { contactId: this.#own(`r${pick % 3}`), drug: `d${pick}`, amount: pick / 2, unit: 'mg' };
    const whole: Record<string, string | number | null> = collection === 'contacts' ? contact : dose;
    const field = must(Object.keys(whole)[pick % 2], 'a field');
    const mutation = this.#mutationOf(kind, common, whole, { [field]: whole[field] ?? null }, pick);
    if (mutation.kind === 'discard') return mutation;
    this.#made.set(`${replica.device} ${key}`, [...earlier, mutation]);
    return mutation;
  }

  #mutationOf(
    kind: Part['kind'],
    common: MutationParts & { resolves: MutationId[]; after: MutationId[] },
    whole: Record<string, Json>,
    some: Record<string, Json>,
    pick: number,
  ): Mutation {
    const { transaction: _, ...alone } = common;
    switch (kind) {
      case 'create':
        return this.#make.create({ ...common, values: whole });
      case 'delete':
        return this.#make.delete(common);
      case 'restore':
        return this.#make.restore({ ...common, values: some });
      case 'update':
        return this.#make.update({ ...common, values: some });
      case 'command': {
        const [contact, dose] = [this.#own(`r${pick % 3}`), this.#own(`r${pick % 2}`)];
        const targets = [
          { collection: 'contacts', record: contact },
          { collection: 'doses', record: dose },
        ];
        return this.#make.command('visit', { contact, name: `v${pick}`, dose }, targets, common);
      }
      case 'discard': {
        // Of something that was sent before, of what never was, or of answered work under an id of its own.
        const id = common.after.at(-1);
        return this.#make.discard(pick % 2 === 0 || id === undefined ? common : { ...alone, id, resolves: [] });
      }
    }
  }
}

/** What came and went within one exchange may be told, or not: what counts is what a device then holds. */
function comparable(response: ExchangeResponse, replica: Replica): unknown {
  const { receipts, held, gone } = response;
  const withoutEpoch = (value: unknown) => canonicalJson(value as Json).replaceAll(response.epoch, 'epoch');
  return {
    receipts: receipts.map(({ position: _, ...receipt }) => receipt).sort((a, b) => (a.id < b.id ? -1 : 1)),
    held,
    gone,
    holds: [...replica.records]
      .map(([key, record]) => [key, withoutEpoch(record.values), record.version, [...record.scopes].sort()])
      .sort(),
  };
}

describe('the SQL store under the exchange', () => {
  test('[SV1, SY8, CF5, CF7, CF9] gives the outcomes that the store in memory gives, and devices hold the same', async () => {
    let runs = 0;
    let effects = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 14, size: 'max' }), async (steps) => {
        runs += 1;
        const [inMemory, inSql] = [new Run(memoryStore({ schema: app, epoch: sql.epoch }), runs), new Run(sql, runs)];
        for (const each of [OPENING, ...steps]) {
          const expected = await inMemory.take(each);
          expect(await inSql.take(each)).toEqual(expected);
          effects += JSON.stringify(expected).split('"outcome":"applied"').length - 1;
        }
      }),
      { numRuns: 40, endOnFailure: true },
    );
    expect(effects).toBeGreaterThan(200);
  });

  test('[SV6] whatever a request holds, the database takes what the server gives it', async () => {
    const make = new MutationMaker();
    const exchange = createExchange({ store: sql, schema: app, clock, commands });
    const principal: Principal = { user: 'fuzz' as UserId, role: null, scopes: ['mentor:fuzz' as Scope] };
    const faults: unknown[] = [];
    const odd = fc.oneof(fc.string({ unit: 'binary' }), fc.jsonValue(), fc.constantFrom('\u0000', '\ud800', 1e308, -0));
    const values = fc.dictionary(fc.constantFrom('name', 'phone', 'mentorId', 'x\u0000'), odd);
    const hostile = fc.record({
      values,
      was: values,
      collection: fc.constantFrom('contacts', 'doses', '\u0000', 'toString'),
    });
    const scopes = fc.array(fc.string({ unit: 'binary', minLength: 1, maxLength: 9 }), { maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(hostile, scopes, fc.nat(99), async ({ values: set, was, collection }, given, xid) => {
        const snapshot = `${xid + 1}:${xid + 3}:${xid + 2}` as never;
        const change = { values: set, was, base: VERSION_NONE, stamp: make.stamp() } as never;
        const record = `c${xid}`;
        const request: ExchangeRequest = requestOf(make.uuid<DeviceId>(), {
          epoch: sql.epoch,
          mutations: [
            make.create({ collection, record, set: [change] }),
            make.update({ collection, record, set: [change], resolves: [make.uuid()] }),
            make.delete({ collection, record, bases: [{ toString: VERSION_NONE }] }),
            make.restore({ collection, record, set: [change] }),
            make.command(collection, set as never, [{ collection, record }]),
            make.command('visit', { contact: record, name: set['name'] as never, dose: record }, [
              { collection: 'contacts', record },
              { collection: 'doses', record },
            ]),
            make.discard({ resolves: [make.uuid()] }),
            make.discard({}),
          ],
          cursor: { snapshot, scopes: given as Scope[] },
          want: { ...WANT_ALL, scopes: [...(given as Scope[]), 'mentor:fuzz' as Scope] },
        });
        const text = JSON.stringify(request);
        const { status } = await handleExchangeText(exchange, principal, text, (fault) => faults.push(fault));
        expect(faults).toEqual([]);
        expect(status).toBeLessThan(500);
      }),
      { numRuns: 100 },
    );
  });
});
