/** Numbers for the charts, out of measurements as people write them. */
import { type ClinicalRow, counts } from './clinical-row.ts';

export interface Reading {
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
  /** As it was written, unit included. */
  readonly text: string;
  /** One number a line of the chart. */
  readonly values: readonly number[];
}

/** LOINC: the panel in its two codes. */
const BLOOD_PRESSURE = new Set(['55284-4', '85354-9']);
const WEIGHT = new Set(['29463-7', '3141-9']);

/** Blood pressures, oldest first, upper number before lower. */
export function bloodPressures(rows: readonly ClinicalRow[]): readonly Reading[] {
  return readings(rows, BLOOD_PRESSURE, /^(\d{2,3}(?:[.,]\d+)?)\s*\/\s*(\d{2,3}(?:[.,]\d+)?)/);
}

/** Weights in kilograms, oldest first. Other units are not drawn: a wrong curve is worse than none. */
export function weights(rows: readonly ClinicalRow[]): readonly Reading[] {
  return readings(rows, WEIGHT, /^(\d{1,3}(?:[.,]\d+)?)\s*kg\b/);
}

function readings(rows: readonly ClinicalRow[], codes: ReadonlySet<string>, pattern: RegExp): readonly Reading[] {
  return rows
    .flatMap((row): Reading[] => {
      if (row.code === null || !codes.has(row.code) || !counts(row)) return [];
      const match = pattern.exec(row.value ?? '');
      const atMs = Date.parse(row.at ?? '');
      if (!match || row.value === null || Number.isNaN(atMs)) return [];
      const values = match.slice(1).map((digits) => Number(digits.replace(',', '.')));
      return [{ id: row.id, atMs, text: row.value, values }];
    })
    .sort((one, other) => one.atMs - other.atMs);
}
