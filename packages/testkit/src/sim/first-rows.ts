import type { Json } from '@holdfast/core';

type Rows = readonly { readonly id: string; readonly values: Readonly<Record<string, Json>> }[];

/** What the server has when a world begins, parents first: people have something to change from the first step on. */
export const FIRST_ROWS: readonly (readonly [collection: string, rows: Rows])[] = [
  [
    'people',
    ['m1', 'm1', 'm2'].map((mentor, i) => ({
      id: `a-person-${i}`,
      values: { name: `first ${i}`, phone: null, mentor, note: '' },
    })),
  ],
  [
    'visits',
    [0, 2].map((i) => ({ id: `a-visit-${i}`, values: { personId: `a-person-${i}`, minutes: i, kind: 'home' } })),
  ],
  [
    'doses',
    [0, 1, 2].map((i) => ({
      id: `a-dose-${i}`,
      values: { personId: `a-person-${i}`, dose: -2 * i - 2, unit: 'mg', basis: [] },
    })),
  ],
  ['notes', [0, 1].map((i) => ({ id: `a-note-${i}`, values: { text: `first ${i}`, level: 'a' } }))],
];
