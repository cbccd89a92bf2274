import {
  collection,
  command,
  type ExchangeRequest,
  type ExchangeResponse,
  type IdLookup,
  lastWriteWins,
  type Mutation,
  type MutationId,
  ref,
  schema,
  WANT_ALL,
} from '@holdfast/core';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { holdUnmapped, type Unmapped } from './hold-unmapped.ts';
import { translateRequest } from './translate-request.ts';
import { translateResponse } from './translate-response.ts';

const rules = { scopes: ['everyone'], conflict: lastWriteWins() } as const;
const app = schema({
  version: 1,
  collections: {
    people: collection({ name: z.string(), friends: z.array(ref('people')) }, rules),
    visits: collection({ who: ref('people'), plan: z.object({ by: ref('people'), note: z.string() }) }, rules),
  },
  commands: { move: command({ who: ref('people'), to: z.array(ref('visits')), words: z.string() }) },
});

const there: IdLookup = (collection, record) => (record === 'L' ? (collection === 'people' ? '7' : '9') : record);
const back: IdLookup = (collection, record) => (record === (collection === 'people' ? '7' : '9') ? 'L' : record);

const id = (n: number) => `m${n}` as MutationId;
const common = (n: number) => ({
  id: id(n),
  transaction: `t${n}` as Mutation['transaction'],
  schema: 1,
  after: [],
  needs: [],
  resolves: [],
});
const base = '1@simulated0001' as never;
const stamp = 'stamp' as never;
const plan = { by: 'L', note: 'L and L1' };
const mutations: Mutation[] = [
  {
    kind: 'create',
    ...common(1),
    collection: 'visits',
    record: 'L',
    set: [{ values: { who: 'L', plan }, base, stamp }],
  },
  {
    kind: 'update',
    ...common(2),
    collection: 'people',
    record: 'L',
    base,
    set: [{ values: { name: 'L', friends: ['L', 'L1'] }, base, stamp, was: { friends: ['L'] } }],
    ops: [{ field: 'friends', op: 'add', argument: 'L' }],
  },
  { kind: 'delete', ...common(3), collection: 'visits', record: 'L', base, bases: [], stamp },
  {
    kind: 'restore',
    ...common(4),
    collection: 'visits',
    record: 'L',
    base,
    set: [{ values: { plan }, base, stamp }],
    stamp,
  },
  {
    kind: 'command',
    ...common(5),
    name: 'move',
    args: { who: 'L', to: ['L', 'L1'], words: 'L' },
    targets: [{ collection: 'people', record: 'L' }],
    stamp,
  },
  { kind: 'discard', ...common(6), stamp },
];
const cursor = { snapshot: '5:5:' as never, scopes: ['person:L'] as never };
const request: ExchangeRequest = {
  protocol: 2,
  schema: 1,
  device: 'd' as never,
  nonce: 'nonce',
  epoch: null,
  mutations,
  ack: { receipts: [], floor: null },
  cursor,
  catchUp: { since: cursor, first: cursor, after: ['people', 'person:L', 'L'], part: null, told: null },
  want: { ...WANT_ALL, records: [{ collection: 'people', record: 'L' }] },
};

test('[ID2] a request goes out in server ids: addresses, fields, nested references, arguments, targets', () => {
  const sent = translateRequest(app, request, there);
  const translated = { by: '7', note: 'L and L1' };
  expect(sent.mutations).toEqual([
    { ...mutations[0], set: [{ values: { who: '7', plan: translated }, base, stamp }] },
    {
      ...mutations[1],
      record: '7',
      set: [{ values: { name: 'L', friends: ['7', 'L1'] }, base, stamp, was: { friends: ['7'] } }],
      ops: [{ field: 'friends', op: 'add', argument: '7' }],
    },
    { ...mutations[2], record: '9' },
    { ...mutations[3], record: '9', set: [{ values: { plan: translated }, base, stamp }] },
    {
      ...mutations[4],
      args: { who: '7', to: ['9', 'L1'], words: 'L' },
      targets: [{ collection: 'people', record: '7' }],
    },
    mutations[5],
  ]);
  expect(sent.want.records).toEqual([{ collection: 'people', record: '7' }]);
  expect(translateRequest(app, sent, back)).toEqual(request);
});

test('[ID2] what the backend itself said of where reading stands is given back to the letter', () => {
  const { cursor: sent, catchUp } = translateRequest(app, request, there);
  expect([sent, catchUp]).toEqual([request.cursor, request.catchUp]);
});

test('[ID2] an answer comes in in local ids: pages, records by id, both sides of a conflict, what was lost', () => {
  const sides = {
    fields: ['who'],
    base: { who: '7' },
    mine: { who: '7', plan: { by: '7', note: '7' } },
    theirs: { who: '8' },
    deletion: null,
    version: base,
    by: null,
  };
  const response: ExchangeResponse = {
    protocol: 2,
    whole: [],
    nonce: 'nonce',
    epoch: 'simulated0001' as never,
    now: 0,
    receipts: [
      { outcome: 'conflict', id: id(3), position: '1' as never, sides },
      {
        outcome: 'merged',
        id: id(4),
        position: '1' as never,
        lost: [{ mine: { who: '7' }, kept: { who: '8' }, rule: 'serverWins', by: '7' }],
      },
      { outcome: 'applied', id: id(5), position: '1' as never, result: { who: '7' } },
    ],
    held: [],
    pages: [
      {
        groups: [
          {
            collection: 'visits',
            epoch: 'simulated0001' as never,
            in: [],
            out: [],
            whole: true,
            aged: false,
            records: [['9', 1, { who: '7', plan: { by: '8', note: '7' } }]],
          },
        ],
        stamp: null,
      },
    ],
    fetched: [{ collection: 'people', record: '7', found: { version: base, values: { name: '7', friends: ['7'] } } }],
    checksums: null,
    gone: [],
    cursor,
    catchUp: null,
    durable: null,
    horizon: null,
  };
  const taken = translateResponse(app, response, (each) => (each === id(5) ? undefined : 'visits'), back);
  expect(taken.pages[0]?.groups[0]?.records).toEqual([['L', 1, { who: 'L', plan: { by: '8', note: '7' } }]]);
  expect(taken.fetched).toEqual([
    { collection: 'people', record: 'L', found: { version: base, values: { name: '7', friends: ['L'] } } },
  ]);
  expect(taken.receipts).toMatchObject([
    { sides: { base: { who: 'L' }, mine: { who: 'L', plan: { by: 'L', note: '7' } }, theirs: { who: '8' } } },
    { lost: [{ mine: { who: 'L' }, kept: { who: '8' }, by: '7' }] },
    { result: { who: '7' } },
  ]);
  expect(taken.cursor).toEqual(cursor);
});

const waiting = (...records: string[]): Unmapped => ({
  records: new Map(records.map((record) => [record, 't0'])),
  doubled: new Set(),
  mapped: new Set(),
});

test('[OB2, ID2] what names a record without a server id waits for its create, wherever it names it', () => {
  const unmapped = waiting('people/L');
  const held = (mutation: Mutation) => holdUnmapped(app, [mutation], unmapped).length === 0;
  expect(mutations.map(held)).toEqual([true, true, false, true, true, false]);
  expect(holdUnmapped(app, mutations, { ...waiting(), doubled: new Set(['visits']) })).toEqual(mutations);
});

test('[OB1, WR4] with it waits the rest of its transaction, and what comes after that; its own transaction goes', () => {
  const unmapped = waiting('people/L');
  const create: Mutation = { kind: 'create', ...common(0), collection: 'people', record: 'L', set: [] };
  const own: Mutation = { ...(mutations[0] as Mutation), transaction: create.transaction };
  const other: Mutation = { kind: 'delete', ...common(8), collection: 'people', record: 'x', base, bases: [], stamp };
  const together: Mutation = { ...(mutations[1] as Mutation), transaction: other.transaction };
  const after: Mutation = { ...other, ...common(9), after: [other.id] };
  const free: Mutation = { ...other, ...common(10) };
  const going = holdUnmapped(app, [create, own, other, together, after, free], unmapped);
  expect(going).toEqual([create, own, free]);
});

test('[ID4] nothing is deleted that may be a record made here, as long as that is unclear', () => {
  const deletes = ['7', 'known'].map(
    (record, n): Mutation => ({ kind: 'delete', ...common(n), collection: 'people', record, base, bases: [], stamp }),
  );
  const unclear = { ...waiting('people/L'), doubled: new Set(['people']), mapped: new Set(['people/known']) };
  expect(holdUnmapped(app, deletes, unclear)).toEqual([deletes[1]]);
  expect(holdUnmapped(app, deletes, waiting('people/L'))).toEqual(deletes);
});
