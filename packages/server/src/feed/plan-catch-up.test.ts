import type { CatchUp, Cursor, Epoch, MutationId, Position, Scope, Snapshot } from '@holdfast/core';
import { describe, expect, test } from 'vitest';
import { FROM_NOTHING, goneScopes, type PageEnd, partsOf, planNext, planRead } from './plan-catch-up.ts';

const epoch = '0000000010000' as Epoch;
const other = '0000000020000' as Epoch;
const scopes = (...names: string[]) => names as Scope[];
const snapshot = (xid: number) => `${xid}:${xid}:` as Snapshot;
const cursor = (xid: number, ...names: string[]): Cursor => ({ snapshot: snapshot(xid), scopes: scopes(...names) });

const ORDER = ['people', 'visits'];
const nothing = { epoch: null, cursor: null, catchUp: null };
const token = (parts: Partial<CatchUp> = {}): CatchUp => ({
  since: cursor(3, 'a'),
  first: cursor(7, 'a', 'b'),
  after: ['people', 'a', 'r1'],
  part: null,
  told: null,
  ...parts,
});

describe('what to read', () => {
  test('[SY9] a new device: everything', () => {
    expect(planRead(nothing, scopes('a'), ORDER, epoch)).toEqual(FROM_NOTHING);
  });

  test('[SY10] from the cursor; of its scopes only those the device may see', () => {
    const place = { epoch, cursor: cursor(3, 'a', 'x'), catchUp: null };
    expect(planRead(place, scopes('a', 'b'), ORDER, epoch)).toMatchObject({ since: cursor(3, 'a') });
    expect(goneScopes(place.cursor, scopes('a', 'b'))).toEqual(['x']);
  });

  test('[SY9] within a round: from where the last page ended', () => {
    const place = { epoch, cursor: cursor(3, 'a'), catchUp: token() };
    expect(planRead(place, scopes('b', 'a'), ORDER, epoch)).toEqual({
      kind: 'read',
      since: cursor(3, 'a'),
      first: cursor(7, 'a', 'b'),
      after: ['people', 'a', 'r1'],
      part: null,
      told: null,
    });
  });

  test('[SY12] again from the start where the scopes are others than when it began', () => {
    for (const now of [scopes('a'), scopes('a', 'b', 'c'), scopes('a', 'c')]) {
      expect(planRead({ epoch, cursor: null, catchUp: token() }, now, ORDER, epoch)).toEqual({ kind: 'again' });
    }
  });

  test('[SY11] what was read in another epoch counts for nothing', () => {
    expect(planRead({ epoch: other, cursor: cursor(3, 'a'), catchUp: null }, scopes('a'), ORDER, epoch)).toEqual(
      FROM_NOTHING,
    );
    expect(planRead({ epoch: other, cursor: null, catchUp: token() }, scopes('a', 'b'), ORDER, epoch)).toEqual(
      FROM_NOTHING,
    );
    expect(planRead({ epoch: null, cursor: cursor(3, 'a'), catchUp: null }, scopes('a'), ORDER, epoch)).toEqual(
      FROM_NOTHING,
    );
    expect(planRead({ epoch: null, cursor: null, catchUp: token() }, scopes('a', 'b'), ORDER, epoch)).toEqual({
      kind: 'again',
    });
  });
});

describe('what is not there any more', () => {
  test('[SY9] a collection that is not sent now: again from the start', () => {
    const place = { epoch, cursor: null, catchUp: token({ after: ['pets', 'a', 'r1'] }) };
    expect(planRead(place, scopes('a', 'b'), ORDER, epoch)).toEqual({ kind: 'again' });
  });
});

describe('where a device stands after a page', () => {
  const now = scopes('a', 'b');
  const END: PageEnd = { row: null, receipt: null, part: null };
  const start = { ...FROM_NOTHING, since: cursor(3, 'a') };
  const middle = { ...start, first: cursor(7, 'a', 'b'), after: ['people', 'a', 'r1'] as CatchUp['after'] };

  test('[SY8] a round of one page saw everything at once: its snapshot is the cursor', () => {
    expect(planNext(start, snapshot(9), now, END)).toEqual({ cursor: cursor(9, 'a', 'b'), catchUp: null });
  });

  test('[SY8] the first page of a longer round is remembered', () => {
    expect(planNext(start, snapshot(9), now, { ...END, row: ['people', 'a', 'r5'] })).toEqual({
      cursor: null,
      catchUp: {
        since: cursor(3, 'a'),
        first: cursor(9, 'a', 'b'),
        after: ['people', 'a', 'r5'],
        part: null,
        told: null,
      },
    });
  });

  test('[SY8] within a round since and first stay', () => {
    expect(planNext(middle, snapshot(9), now, { ...END, row: ['visits', 'a', 'r5'] })).toMatchObject({
      catchUp: { since: cursor(3, 'a'), first: cursor(7, 'a', 'b'), after: ['visits', 'a', 'r5'] },
    });
  });

  test('[SY8] after a longer round another one, from what its first page saw', () => {
    expect(planNext(middle, snapshot(9), now, END)).toEqual({
      cursor: null,
      catchUp: { since: cursor(7, 'a', 'b'), first: cursor(7, 'a', 'b'), after: null, part: null, told: null },
    });
  });

  test('[SY15] receipts that fill a page come before its first row, and it counts as the first of the round', () => {
    const told: PageEnd['receipt'] = ['8' as Position, 'm' as MutationId];
    const next = planNext(start, snapshot(9), now, { ...END, receipt: told }).catchUp;
    expect(next).toEqual({ since: cursor(3, 'a'), first: cursor(9, 'a', 'b'), after: null, part: null, told });
    const plan = planRead({ epoch, cursor: null, catchUp: next }, now, ORDER, epoch);
    expect(plan).toMatchObject({ since: cursor(3, 'a'), first: cursor(9, 'a', 'b'), after: null, told });
    // Not from the page that the receipts ended on: what else was answered before it was skipped.
    expect(planNext({ ...start, first: cursor(9, 'a', 'b') }, snapshot(12), now, END).catchUp).toMatchObject({
      since: cursor(9, 'a', 'b'),
    });
  });
});

describe('which collections have come', () => {
  const at = (name: string): CatchUp['after'] => [name, 'a', 'r1'];
  const names = ['p', 'q', 'r'];
  const parts = (after: CatchUp['after'], part: Snapshot | null, last: CatchUp['after']) =>
    partsOf({ ...FROM_NOTHING, first: cursor(7, 'a'), after, part }, names, snapshot(9), last);

  test('[SY9] those that stand in one page are whole; one that is cut began here', () => {
    expect(parts(null, null, at('r'))).toEqual({ whole: ['p', 'q'], mend: null, part: snapshot(9) });
  });

  test('[SY8, SY9] one that ends after several pages has to be mended from the first of them', () => {
    const mend = { collection: 'p', since: snapshot(7) };
    expect(parts(at('p'), snapshot(7), at('q'))).toEqual({ whole: [], mend, part: snapshot(9) });
    expect(parts(at('p'), snapshot(7), null)).toEqual({ whole: ['q', 'r'], mend, part: null });
  });

  test('[SY9] one that goes on keeps its beginning', () => {
    expect(parts(at('p'), snapshot(7), at('p'))).toEqual({ whole: [], mend: null, part: snapshot(7) });
  });

  test('[SY9] only in a read from nothing', () => {
    const plan = { ...FROM_NOTHING, since: cursor(3, 'a') };
    expect(partsOf(plan, names, snapshot(9), null)).toEqual({ whole: [], mend: null, part: null });
  });
});
