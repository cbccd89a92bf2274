import { beforeAll, expect, test } from 'vitest';
import { createChance } from '../sim/chance.ts';
import { crashImage } from './crash-image.ts';
import type { DiskOp } from './disk.ts';
import { diskStores } from './disk-store.ts';
import { runFullDisk } from './fill-disk.ts';
import { operations } from './operations/operations.ts';
import { recordOperation } from './record-operation.ts';
import { type CrashReport, runCrash } from './run-crash.ts';

const named = (...names: readonly string[]) => operations.filter(({ name }) => names.includes(name));

test('[WR1, SY4, OB7, ST9] a device stopped at any write opens whole, and brings home what was acknowledged', async () => {
  const { torn, points, operations: run } = await runCrash({ points: 300, seed: 1 });
  expect(torn).toEqual([]);
  expect(points).toBe(300);
  expect(run).toBe(operations.length);
}, 300_000);

test('[WR7] a disk that fills up at any write says so, undoes that write and nothing else, and goes on', async () => {
  const { failed, points } = await runFullDisk({ points: 40, seed: 1 });
  expect(failed).toEqual([]);
  expect(points).toBe(40);
}, 300_000);

test('the operations meet every outcome that a mutation can have', async () => {
  const stores = await diskStores(createChance(1));
  const met = new Set<string>();
  for (const operation of operations)
    for (const outcome of (await recordOperation(stores, operation)).outcomes) met.add(outcome);
  expect([...met].sort()).toEqual(['applied', 'conflict', 'discarded', 'merged', 'refused']);
}, 300_000);

test('the same plan finds the same', async () => {
  const plan = { points: 60, seed: 3, only: named('write of several records'), honours: () => false };
  const reports: CrashReport[] = [];
  // Called from one place: what is found tells where it was thrown.
  for (let run = 0; run < 2; run += 1) reports.push(await runCrash(plan));
  expect(reports[1]).toEqual(reports[0]);
});

/** The harness must find what a disk that lies breaks, or its silence says nothing. */
describeLies('journal syncs', ({ file }) => !file.endsWith('-journal'), /part of a transaction|damaged|StoreDamaged/);
describeLies(
  'syncs of the database',
  ({ file }) => file.endsWith('-journal'),
  /part of a transaction|damaged|StoreDamaged/,
);
describeLies('deletes of the journal', ({ type }) => type !== 'delete', /was durable, and/);

function describeLies(what: string, honours: (op: DiskOp) => boolean, finds: RegExp): void {
  let report: CrashReport;
  beforeAll(async () => {
    report = await runCrash({
      points: 300,
      seed: 5,
      only: named('writes of one record, one after the other'),
      honours,
    });
  });
  test(`a disk that lies about ${what} is found out`, () => {
    expect(report.torn.length).toBeGreaterThan(5);
    expect(report.torn.flatMap(({ problems }) => problems).join('\n')).toMatch(finds);
  });
}

test('what is left after a crash: all that was synced, of the rest what the model says', () => {
  const write = (file: string, offset: number, text: string): DiskOp => ({
    type: 'write',
    file,
    offset,
    data: new TextEncoder().encode(text),
  });
  const log: DiskOp[] = [
    write('a', 0, 'one'),
    { type: 'sync', file: 'a' },
    write('a', 3, 'two'),
    write('b', 0, 'lost'),
    { type: 'delete', file: 'a', durable: false },
    { type: 'truncate', file: 'b', size: 1 },
  ];
  const after = (index: number, model: 'kept' | 'lost', torn = false) =>
    Object.fromEntries(
      [...crashImage(new Map(), log, { index, torn, model }, createChance(1))].map(([name, bytes]) => [
        name,
        new TextDecoder().decode(bytes),
      ]),
    );
  expect(after(4, 'kept')).toEqual({ a: 'onetwo', b: 'lost' });
  expect(after(4, 'lost')).toEqual({ a: 'one' });
  expect(after(5, 'kept')).toEqual({ b: 'lost' });
  expect(after(5, 'lost')).toEqual({ a: 'one' });
  expect(after(6, 'kept')).toEqual({ b: 'l' });
  expect(after(2, 'lost', true).a).toMatch(/^one(t|tw)?$/);
});
