import type { CatchUp, Cursor, Epoch, Scope, Snapshot } from '@holdfast/core';
import { describe, expect, test } from 'vitest';
import { goneScopes, planNext, planRead } from './plan-catch-up.ts';

const epoch = '0000000010000' as Epoch;
const other = '0000000020000' as Epoch;
const scopes = (...names: string[]) => names as Scope[];
const snapshot = (xid: number) => `${xid}:${xid}:` as Snapshot;
const cursor = (xid: number, ...names: string[]): Cursor => ({ snapshot: snapshot(xid), scopes: scopes(...names) });

const nothing = { epoch: null, cursor: null, catchUp: null };
const token = (parts: Partial<CatchUp> = {}): CatchUp => ({
  since: cursor(3, 'a'),
  first: cursor(7, 'a', 'b'),
  after: [0, 'a', 'r1'],
  ...parts,
});

describe('what to read', () => {
  test('[SY9] a new device: everything', () => {
    expect(planRead(nothing, scopes('a'), epoch)).toEqual({ kind: 'read', since: null, first: null, after: null });
  });

  test('[SY10] from the cursor; of its scopes only those the device may see', () => {
    const place = { epoch, cursor: cursor(3, 'a', 'x'), catchUp: null };
    expect(planRead(place, scopes('a', 'b'), epoch)).toMatchObject({ since: cursor(3, 'a') });
    expect(goneScopes(place.cursor, scopes('a', 'b'))).toEqual(['x']);
  });

  test('[SY9] within a round: from where the last page ended', () => {
    const place = { epoch, cursor: cursor(3, 'a'), catchUp: token() };
    expect(planRead(place, scopes('b', 'a'), epoch)).toEqual({
      kind: 'read',
      since: cursor(3, 'a'),
      first: cursor(7, 'a', 'b'),
      after: [0, 'a', 'r1'],
    });
  });

  test('[SY12] again from the start where the scopes are others than when it began', () => {
    for (const now of [scopes('a'), scopes('a', 'b', 'c'), scopes('a', 'c')]) {
      expect(planRead({ epoch, cursor: null, catchUp: token() }, now, epoch)).toEqual({ kind: 'again' });
    }
  });

  test('[SY11] what was read in another epoch counts for nothing', () => {
    const fresh = { kind: 'read', since: null, first: null, after: null };
    expect(planRead({ epoch: other, cursor: cursor(3, 'a'), catchUp: null }, scopes('a'), epoch)).toEqual(fresh);
    expect(planRead({ epoch: other, cursor: null, catchUp: token() }, scopes('a', 'b'), epoch)).toEqual(fresh);
    expect(planRead({ epoch: null, cursor: cursor(3, 'a'), catchUp: null }, scopes('a'), epoch)).toEqual(fresh);
    expect(planRead({ epoch: null, cursor: null, catchUp: token() }, scopes('a', 'b'), epoch)).toEqual({
      kind: 'again',
    });
  });
});

describe('where a device stands after a page', () => {
  const now = scopes('a', 'b');
  const start = { kind: 'read', since: cursor(3, 'a'), first: null, after: null } as const;
  const middle = { ...start, first: cursor(7, 'a', 'b'), after: [0, 'a', 'r1'] as CatchUp['after'] };

  test('[SY8] a round of one page saw everything at once: its snapshot is the cursor', () => {
    expect(planNext(start, snapshot(9), now, null)).toEqual({ cursor: cursor(9, 'a', 'b'), catchUp: null });
  });

  test('[SY8] the first page of a longer round is remembered', () => {
    expect(planNext(start, snapshot(9), now, [0, 'a', 'r5'])).toEqual({
      cursor: null,
      catchUp: { since: cursor(3, 'a'), first: cursor(9, 'a', 'b'), after: [0, 'a', 'r5'] },
    });
  });

  test('[SY8] within a round since and first stay', () => {
    expect(planNext(middle, snapshot(9), now, [1, 'a', 'r5'])).toMatchObject({
      catchUp: { since: cursor(3, 'a'), first: cursor(7, 'a', 'b'), after: [1, 'a', 'r5'] },
    });
  });

  test('[SY8] after a longer round another one, from what its first page saw', () => {
    expect(planNext(middle, snapshot(9), now, null)).toEqual({
      cursor: null,
      catchUp: { since: cursor(7, 'a', 'b'), first: cursor(7, 'a', 'b'), after: null },
    });
  });
});
