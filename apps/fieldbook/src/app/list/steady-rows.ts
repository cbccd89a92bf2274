/**
 * Rows that keep their place while they are being read: what a sync brings in waits until it is asked
 * for. What leaves goes at once, for it may be that it may not be seen any more.
 */
import { useState } from 'react';

interface Identified {
  readonly id: string;
}

export interface Steady<Row> {
  readonly rows: readonly Row[];
  /** How many wait. */
  readonly held: number;
}

/** The rows that are known or one's own, and how many others wait. */
export function steady<Row extends Identified>(
  rows: readonly Row[],
  known: ReadonlySet<string>,
  isOwn: (id: string) => boolean,
): Steady<Row> {
  const shown = rows.filter(({ id }) => known.has(id) || isOwn(id));
  return { rows: shown, held: rows.length - shown.length };
}

/**
 * @param flowing rows are taken as they come: before the first checkpoint, when none is being read yet
 * @param isOwn whether a record was written on this device just now; such a one is shown at once
 */
export function useSteadyRows<Row extends Identified>(
  rows: readonly Row[],
  flowing: boolean,
  isOwn: (id: string) => boolean,
): Steady<Row> & { readonly release: () => void } {
  const [known, setKnown] = useState<ReadonlySet<string>>(new Set());
  const takeAll = flowing || known.size === 0;
  const now = takeAll ? { rows, held: 0 } : steady(rows, known, isOwn);
  // A row that has been shown once stays, also when it is no longer known as one's own.
  if (now.rows.some(({ id }) => !known.has(id))) setKnown(new Set(now.rows.map(({ id }) => id)));
  return { ...now, release: () => setKnown(new Set(rows.map(({ id }) => id))) };
}
