import type { MutationId } from '@holdfast/core';
import { expect, test } from 'vitest';
import type { Entry } from './entry.ts';
import { relink } from './relink.ts';

const id = (n: number) => `m${n}` as MutationId;

function entry(n: number, record: string, more: Partial<Entry> = {}) {
  const content: Entry['content'] = { kind: 'create', set: [] };
  return { id: id(n), collection: 'people', record, content, previous: null, afterReferring: [], ...more };
}

const command = (n: number, records: readonly string[]) => {
  const targets = records.map((record) => ({ collection: 'people', record }));
  return entry(n, '', { collection: '', content: { kind: 'command', name: 'merge', args: {}, targets } });
};

test('[OB1, SY11] an entry that was written after the one before had left comes after it again', () => {
  expect(relink([entry(1, 'a'), entry(2, 'b'), entry(3, 'a'), entry(4, 'a', { previous: id(3) })])).toMatchObject([
    { id: id(3), previous: id(1) },
  ]);
});

test('[OB1, SY11] what is known no more is not come after', () => {
  expect(relink([entry(1, 'a', { previous: id(9) }), entry(2, 'a', { previous: id(8) })])).toMatchObject([
    { id: id(1), previous: null },
    { id: id(2), previous: id(1) },
  ]);
});

test('[OB1, SY11] a command comes after the last of each of its targets, and they after it', () => {
  const entries = [entry(1, 'a'), entry(2, 'b'), command(3, ['a', 'b']), entry(4, 'b', { previous: id(2) })];
  expect(relink(entries)).toMatchObject([
    { id: id(3), previous: null, afterReferring: [id(1), id(2)] },
    { id: id(4), previous: id(2), afterReferring: [id(3)] },
  ]);
});

test('[OB1, SY11] what was written after a command comes after it, whichever record it is of', () => {
  expect(relink([command(1, ['a']), entry(2, 'made by the command'), command(3, ['b'])])).toMatchObject([
    { id: id(2), previous: null, afterReferring: [id(1)] },
    { id: id(3), previous: null, afterReferring: [id(1)] },
  ]);
});
