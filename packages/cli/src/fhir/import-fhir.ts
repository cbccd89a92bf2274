import { HoldfastError, type Schema } from '@holdfast/core';
import { linesOf } from '../import/lines.ts';
import type { RowSink } from '../import/row-sink.ts';
import type { FhirMapping } from './fhir-mapping.ts';
import { findFiles, type ResourceFile } from './find-files.ts';
import { type CheckedRow, checkRows, mapLine } from './map-line.ts';

/** One line that was not imported, and why. */
export interface LineProblem {
  readonly file: string;
  readonly line: number;
  readonly what: string;
}

export interface ImportReport {
  /** Now and then, and at the end of each file. */
  progress(state: {
    readonly file: string;
    readonly done: number;
    readonly total: number;
    readonly lines: number;
  }): void;
  problem(problem: LineProblem): void;
}

export interface ImportSummary {
  /** Resources imported by type, in the order of import. */
  readonly imported: ReadonlyMap<string, number>;
  /** Lines that were not. */
  readonly broken: number;
  /** Files of types that the app does not take in. */
  readonly ignored: readonly string[];
}

/** Rows a statement; a few megabytes of clinical resources. */
const BATCH = 500;
const PROGRESS_EVERY = 200;

/**
 * Reads the NDJSON files of a folder line by line into the sink, types in the mapping's order. A line
 * that is broken is reported and stops nothing else. Can be repeated: ids are those of the resources.
 *
 * @throws HoldfastError `ImportFolder`, or what the sink reports
 */
export async function importFhir(
  folder: string,
  to: { readonly mapping: FhirMapping; readonly schema: Schema; readonly sink: RowSink },
  report: ImportReport,
): Promise<ImportSummary> {
  const { known, unknown } = await findFiles(folder, Object.keys(to.mapping.types));
  const before = checkRows(to.mapping.before, to.schema);
  if (!before.ok) throw new HoldfastError('InvalidSchema', `a row that the mapping starts with ${before.error}`);
  await writeByCollection(to.sink, before.value);

  const imported = new Map<string, number>();
  const total = known.reduce((sum, file) => sum + file.bytes, 0);
  let done = 0;
  let broken = 0;
  for (const file of known) {
    const counts = await importFile(file, to, report, { done, total });
    done += file.bytes;
    broken += counts.broken;
    imported.set(file.type, (imported.get(file.type) ?? 0) + counts.imported);
  }
  return { imported, broken, ignored: unknown.map((file) => file.name) };
}

interface PendingLine {
  readonly line: number;
  readonly rows: readonly CheckedRow[];
}

async function importFile(
  file: ResourceFile,
  to: { readonly mapping: FhirMapping; readonly schema: Schema; readonly sink: RowSink },
  report: ImportReport,
  before: { readonly done: number; readonly total: number },
): Promise<{ imported: number; broken: number }> {
  const counts = { imported: 0, broken: 0 };
  let pending: PendingLine[] = [];
  let bytes = 0;
  let lines = 0;
  const fail = (line: number, what: string) => {
    counts.broken += 1;
    report.problem({ file: file.name, line, what });
  };
  const flush = async () => {
    const refused = await writeLines(to.sink, pending);
    for (const [line, what] of refused) fail(line, what);
    counts.imported += pending.length - refused.size;
    pending = [];
  };
  const progress = () => report.progress({ file: file.name, done: before.done + bytes, total: before.total, lines });
  for await (const { number, bytes: line } of linesOf(file.path)) {
    bytes += line.length + 1;
    if (line.every((byte) => byte <= 0x20)) continue;
    lines += 1;
    const mapped = mapLine(line, to.mapping, to.schema);
    if (mapped.ok) pending.push({ line: number, rows: mapped.value });
    else fail(number, mapped.error);
    if (pending.length >= BATCH) await flush();
    if (lines % PROGRESS_EVERY === 0) progress();
  }
  await flush();
  bytes = file.bytes;
  progress();
  return counts;
}

/**
 * Writes the lines as one batch and, where the database does not take it, one at a time: so the one
 * line is found that it is about. Gives the lines that were refused, with the reason.
 */
async function writeLines(sink: RowSink, pending: readonly PendingLine[]): Promise<Map<number, string>> {
  const refused = new Map<number, string>();
  if (pending.length === 0) return refused;
  try {
    await writeByCollection(
      sink,
      pending.flatMap((each) => each.rows),
    );
    return refused;
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
  }
  let last: unknown = null;
  for (const { line, rows } of pending) {
    try {
      await writeByCollection(sink, rows);
    } catch (error) {
      if (error instanceof HoldfastError) throw error;
      last = error;
      refused.set(line, `was refused by the database (${error instanceof Error ? error.message : String(error)})`);
    }
  }
  // Not one of many was taken: it is not the lines that are broken.
  if (refused.size === pending.length && pending.length > 20) throw last;
  return refused;
}

/** One statement a collection; of rows with the same id in one batch the later one counts. */
async function writeByCollection(sink: RowSink, rows: readonly CheckedRow[]): Promise<void> {
  const batches = new Map<string, Map<string, CheckedRow>>();
  for (const row of rows) {
    const batch = batches.get(row.collection) ?? new Map<string, CheckedRow>();
    batches.set(row.collection, batch.set(row.id, row));
  }
  for (const [collection, batch] of batches) {
    await sink.write(
      collection,
      [...batch.values()].map(({ id, values }) => ({ id, values })),
    );
  }
}
