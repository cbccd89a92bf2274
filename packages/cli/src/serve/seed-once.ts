import { access, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError, type Schema } from '@holdfast/core';
import type { ImportRow, ServerStore } from '@holdfast/server';
import type { MappedRow } from '../fhir/fhir-mapping.ts';
import { checkRows } from '../fhir/map-line.ts';

const UNFINISHED = 'seeding';
const BATCH = 500;

/**
 * Fills an empty store with an app's sample rows; gives how many. A store that holds anything is left
 * alone, unless it is the seeding itself that was cut short: then it is done again, row for row the same.
 */
export async function seedOnce(
  folder: string,
  store: ServerStore,
  schema: Schema,
  rows: () => Iterable<MappedRow>,
): Promise<number> {
  const marker = join(folder, UNFINISHED);
  const cutShort = await access(marker).then(
    () => true,
    () => false,
  );
  if (!cutShort && Object.values(await store.counts()).some((count) => count > 0)) return 0;
  await writeFile(marker, 'Sample data is being written. Remove this file to keep what is there.\n');
  const count = await writeRows(store, schema, rows());
  await rm(marker, { force: true });
  return count;
}

/** In the order given; rows of one collection that follow each other go in one batch. */
async function writeRows(store: ServerStore, schema: Schema, rows: Iterable<MappedRow>): Promise<number> {
  const checked = checkRows([...rows], schema);
  if (!checked.ok) throw new HoldfastError('InvalidConfig', `a row of seed() ${checked.error}`);
  let batch: ImportRow[] = [];
  for (const [index, { collection, id, values }] of checked.value.entries()) {
    batch.push({ id, values });
    if (batch.length === BATCH || checked.value[index + 1]?.collection !== collection) {
      await store.importRows(collection, batch);
      batch = [];
    }
  }
  return checked.value.length;
}
