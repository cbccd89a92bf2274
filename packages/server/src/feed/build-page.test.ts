import type { Cursor, Epoch, Json, Position, Scope, Snapshot, Stamp } from '@holdfast/core';
import { stampOf, versionOf } from '@holdfast/core';
import { describe, expect, test } from 'vitest';
import { type FeedRow, recordKey } from '../store/server-store.ts';
import { buildPage } from './build-page.ts';

const epoch = '0000000010000' as Epoch;
const at = (xid: number) => String(xid) as Position;
const MUCH = 1_000_000;

function since(snapshot: string, ...scopes: string[]): Cursor {
  return { snapshot: snapshot as Snapshot, scopes: scopes as Scope[] };
}

interface RowParts extends Partial<Omit<FeedRow, 'scope'>> {
  readonly scope?: string;
}

function row(id: string, { scope = 'a', ...parts }: RowParts = {}): FeedRow {
  return {
    scope: scope as Scope,
    collection: 'contacts',
    id,
    present: true,
    aged: false,
    entered: at(5),
    version: versionOf(epoch, 3),
    values: { name: id, phone: '1', note: null },
    changedIn: { name: at(9), phone: at(20) },
    createdIn: at(5),
    stamp: stampOf(1, 0),
    ...parts,
  };
}

const gone = (id: string, parts: RowParts = {}) => row(id, { present: false, values: null, ...parts });

function entries(rows: readonly FeedRow[], cursor: Cursor | null): unknown[] {
  return buildPage(rows, cursor, MUCH).page.groups.flatMap(({ whole, in: scopes, out, records }) =>
    records.map(([id, count, fields]) => ({ id, count, whole, in: scopes, out, fields: Object.keys(fields) })),
  );
}

const ALL = ['name', 'phone', 'note'];

describe('what the request has just created', () => {
  const said = { name: 'r1', phone: '1' };
  const cases: [string, Record<string, Json> | null, Cursor | null, RowParts, boolean, string[]][] = [
    ['as it says: without its values', said, null, {}, true, []],
    ['with other values: with them', { ...said, phone: '2' }, null, {}, false, ALL],
    ['with a field that is gone: with its values', { ...said, fax: '3' }, null, {}, false, ALL],
    ['without a field that has got a value: with it', { name: 'r1' }, null, {}, false, ALL],
    ['twice, who knows with which values: with them', null, null, {}, false, ALL],
    ['and held before: what changed', said, since('10:10:', 'a'), {}, false, ['phone']],
    ['long ago: aged, without content', said, null, { aged: true, values: null }, false, []],
  ];

  test.each(cases)('[SY10] %s', (_, values, cursor, parts, own, fields) => {
    const created = new Map([[recordKey('contacts', 'r1'), values]]);
    const { groups } = buildPage([row('r1', parts), row('r2')], cursor, MUCH, false, created).page;
    const found = groups.flatMap((group) => group.records.map((record) => ({ own: group.own === true, record })));
    expect(found.map(({ own: its, record: [id] }) => [id, its])).toEqual(
      expect.arrayContaining([
        ['r1', own],
        ['r2', false],
      ]),
    );
    expect(Object.keys(found.find(({ record: [id] }) => id === 'r1')?.record[2] ?? {})).toEqual(fields);
  });
});

describe('whole or changes', () => {
  const cases: [string, Cursor | null, RowParts, boolean, string[]][] = [
    ['without a cursor: whole', null, {}, true, ALL],
    ['held before: only what changed since', since('10:10:', 'a'), {}, false, ['phone']],
    ['held before, all of it changed since', since('7:7:', 'a'), {}, false, ['name', 'phone']],
    ['a change that was under way at the cursor is brought', since('9:11:9', 'a'), {}, false, ['name', 'phone']],
    ['a scope that was not held: whole', since('10:10:', 'b'), {}, true, ALL],
    ['came in after the cursor: whole', since('10:10:', 'a'), { entered: at(10) }, true, ALL],
    ['came in while the cursor was taken: whole', since('5:11:5', 'a'), {}, true, ALL],
    ['no field changed, only its version: no fields', since('30:30:', 'a'), {}, false, []],
  ];

  test.each(cases)('[SY10] %s', (_, cursor, parts, whole, fields) => {
    expect(entries([row('r1', parts)], cursor)).toEqual([{ id: 'r1', count: 3, whole, in: ['a'], out: [], fields }]);
  });

  test('[SY12] a record that left brings nothing but that', () => {
    expect(entries([gone('r1')], since('10:10:', 'a'))).toEqual([
      { id: 'r1', count: 3, whole: false, in: [], out: ['a'], fields: [] },
    ]);
  });

  test('[SY10] held by one scope is enough, also where it comes into another', () => {
    const rows = [row('r1', { scope: 'a', entered: at(12) }), row('r1', { scope: 'b' })];
    expect(entries(rows, since('10:10:', 'a', 'b'))).toEqual([
      { id: 'r1', count: 3, whole: false, in: ['a', 'b'], out: [], fields: ['phone'] },
    ]);
  });

  test('[SY12] out of the only scope it was held by and into another: whole', () => {
    const rows = [gone('r1', { scope: 'a' }), row('r1', { scope: 'b', entered: at(12) })];
    expect(entries(rows, since('10:10:', 'a', 'b'))).toEqual([
      { id: 'r1', count: 3, whole: true, in: ['b'], out: ['a'], fields: ALL },
    ]);
  });
});

describe('a window', () => {
  const aged = (id: string, parts: RowParts = {}) => row(id, { aged: true, values: null, ...parts });

  test('[SY14] what is older than it comes with its version only, and each record tells its age', () => {
    const { groups } = buildPage([row('r1'), aged('r2')], null, MUCH, true).page;
    expect(groups.map((group) => [group.whole, group.aged, group.records])).toEqual([
      [true, false, [['r1', 3, { name: 'r1', phone: '1', note: null }, stampOf(1, 0)]]],
      [false, true, [['r2', 3, {}, stampOf(1, 0)]]],
    ]);
  });

  test('[SY10, SY14] what is held by another scope comes as its changes, though it is old', () => {
    const rows = [row('r1', { scope: 'a' }), aged('r1', { scope: 'b', entered: at(12) })];
    for (const each of [rows, [...rows].reverse()]) {
      expect(entries(each, since('10:10:', 'a', 'b'))).toEqual([
        { id: 'r1', count: 3, whole: false, in: ['a', 'b'], out: [], fields: ['phone'] },
      ]);
    }
  });
});

describe('pages', () => {
  test('[SY1] what has the same part in the same scopes shares a group', () => {
    const rows = [row('r1'), row('r2'), row('r3', { scope: 'b' }), gone('r4'), row('d1', { collection: 'doses' })];
    const { groups } = buildPage(rows, null, MUCH).page;
    expect(groups.map(({ collection, in: scopes, out, records }) => [collection, scopes, out, records.length])).toEqual(
      [
        ['contacts', ['a'], [], 2],
        ['contacts', ['b'], [], 1],
        ['contacts', [], ['a'], 1],
        ['doses', ['a'], [], 1],
      ],
    );
  });

  test('[SY11] versions of different epochs stand in different groups', () => {
    const other = row('r2', { version: versionOf('0000000020000' as Epoch, 3) });
    expect(buildPage([row('r1'), other], null, MUCH).page.groups.map((group) => group.epoch)).toEqual([
      epoch,
      '0000000020000',
    ]);
  });

  test('[CF10] the highest stamp of what is in it, and of nothing else', () => {
    const long = { name: 'x'.repeat(2_000) } satisfies Record<string, Json>;
    const rows = [
      row('r1', { stamp: stampOf(7, 0) }),
      gone('r2', { stamp: stampOf(9, 0) }),
      row('r3', { stamp: stampOf(99, 0), values: long }),
    ];
    const { page, taken } = buildPage(rows, null, 1_024);
    expect([page.stamp, taken]).toEqual([stampOf(9, 0), 2]);
    expect(buildPage([], null, MUCH).page).toEqual({ groups: [], stamp: null as Stamp | null });
  });

  test('[SY9, SV6] cut where it is full, but never empty', () => {
    const rows = Array.from({ length: 50 }, (_, i) => row(`r${i}`, { values: { name: 'é'.repeat(100) } }));
    const { taken, page } = buildPage(rows, null, 4_096);
    expect(taken).toBeGreaterThan(5);
    expect(taken).toBeLessThan(50);
    expect(Buffer.byteLength(JSON.stringify(page))).toBeLessThan(4_096);
    expect(buildPage(rows, null, 1).taken).toBe(1);
  });
});
