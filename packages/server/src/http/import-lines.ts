import { HoldfastError, limits, parseJson, RECORD_ID_PATTERN, type Schema, validateFields } from '@holdfast/core';
import * as z from 'zod';
import { safeText } from '../decide/safe-text.ts';
import type { ImportRow, ServerStore } from '../store/server-store.ts';

/**
 * One line of the answer: a line that was not taken, where it stands, how it ended, or why it stopped
 * before the end; what was reported as imported stays.
 */
export type ImportReport =
  | { readonly line: number; readonly error: string }
  | { readonly stopped: string }
  | { readonly imported: number; readonly failed: number; readonly done?: true };

const BATCH = 500;
const MAX_LINE_BYTES = 1024 * 1024;
/** More broken lines than these are only counted. */
const MAX_ERRORS = 1_000;

const importLine = z.strictObject({
  collection: z.string(),
  id: z.string().regex(RECORD_ID_PATTERN),
  values: z.record(z.string(), z.unknown()),
});

interface CheckedLine {
  readonly line: number;
  readonly collection: string;
  readonly row: ImportRow;
}

/**
 * Takes in `{collection, id, values}` line by line, each checked against the schema. What follows each
 * other in one collection is written together; where the database refuses that, row by row, so that one
 * bad line costs only itself. Doing it again changes nothing.
 */
export async function* importLines(
  store: ServerStore,
  schema: Schema,
  body: AsyncIterable<Uint8Array>,
): AsyncGenerator<ImportReport> {
  let imported = 0;
  let failed = 0;
  let batch: CheckedLine[] = [];
  const fail = (line: number, error: string): ImportReport[] => {
    failed += 1;
    return failed <= MAX_ERRORS ? [{ line, error: safeText(error) }] : [];
  };
  const flush = async (): Promise<ImportReport[]> => {
    const refused = await writeBatch(store, batch);
    imported += batch.length - refused.length;
    batch = [];
    return refused.flatMap(({ line, error }) => fail(line, error));
  };
  let number = 0;
  for await (const text of linesOf(body)) {
    number += 1;
    if (text === null) {
      yield* fail(number, `longer than ${MAX_LINE_BYTES} bytes, or not UTF-8`);
      continue;
    }
    if (text.trim() === '') continue;
    const checked = checkLine(schema, number, text);
    if (typeof checked === 'string') {
      yield* fail(number, checked);
      continue;
    }
    const together = batch.length < BATCH && (batch[0]?.collection ?? checked.collection) === checked.collection;
    if (!together || batch.some(({ row }) => row.id === checked.row.id)) {
      yield* await flush();
      yield { imported, failed };
    }
    batch.push(checked);
  }
  yield* await flush();
  yield { imported, failed, done: true };
}

function checkLine(schema: Schema, line: number, text: string): CheckedLine | string {
  const parsed = parseJson(text, limits.depth);
  if ('problem' in parsed) return `not JSON (${parsed.problem})`;
  const read = importLine.safeParse(parsed.value);
  if (!read.success) return 'not of the form {"collection":…,"id":…,"values":{…}}';
  const collection = schema.collections.get(read.data.collection);
  if (collection === undefined) return `${read.data.collection}: no such collection`;
  const checked = validateFields(collection, read.data.id, read.data.values, 'create');
  if (checked.ok) return { line, collection: collection.name, row: { id: read.data.id, values: checked.values } };
  return checked.issues.map(({ path, expected }) => `${collection.name}.${path.join('.')}: ${expected}`).join('; ');
}

async function writeBatch(
  store: ServerStore,
  batch: readonly CheckedLine[],
): Promise<readonly { line: number; error: string }[]> {
  const [first] = batch;
  if (first === undefined) return [];
  try {
    await store.importRows(
      first.collection,
      batch.map(({ row }) => row),
    );
    return [];
  } catch (error) {
    // Not about these rows: it would be the same for each of them.
    if (error instanceof HoldfastError) throw error;
    if (batch.length === 1) return [{ line: first.line, error: `refused by the database: ${messageOf(error)}` }];
  }
  const refused: { line: number; error: string }[] = [];
  for (const each of batch) refused.push(...(await writeBatch(store, [each])));
  return refused;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Cut at line feeds only; null for a line that is too long or is no text. Never holds more than one line. */
async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string | null> {
  let parts: Uint8Array[] = [];
  let bytes = 0;
  const take = (part: Uint8Array) => {
    bytes += part.length;
    if (bytes <= MAX_LINE_BYTES) parts.push(part);
    else parts = [];
  };
  const end = (): string | null => {
    const text = bytes > MAX_LINE_BYTES ? null : decode(Buffer.concat(parts));
    parts = [];
    bytes = 0;
    return text;
  };
  for await (const chunk of body) {
    let from = 0;
    for (let at = chunk.indexOf(0x0a); at >= 0; at = chunk.indexOf(0x0a, from)) {
      take(chunk.subarray(from, at));
      yield end();
      from = at + 1;
    }
    take(chunk.subarray(from));
  }
  if (bytes > 0) yield end();
}

function decode(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
