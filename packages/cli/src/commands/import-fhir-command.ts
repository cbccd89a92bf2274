import { resolve } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { loadConfig } from '../config/load-config.ts';
import { importFhir } from '../fhir/import-fhir.ts';
import { showImport, type Terminal } from '../fhir/progress.ts';
import { summaryTable } from '../fhir/summary.ts';
import { openSink } from '../import/open-sink.ts';

export interface ImportFhirOptions {
  readonly config: string;
  readonly data?: string;
  readonly url?: string;
  readonly secret?: string;
}

/** Imports a folder and gives the exit code: 1 when a line was not imported. */
export async function importFhirCommand(
  folder: string,
  options: ImportFhirOptions,
  terminal: { readonly out: Terminal; readonly err: Terminal },
): Promise<number> {
  const config = await loadConfig(options.config);
  if (config.fhir === undefined) throw new HoldfastError('InvalidConfig', `${options.config} has no fhir mapping`);
  const { url, secret } = options;
  const data = options.data === undefined ? config.data : resolve(options.data);
  const sink = await openSink(config.schema, { data, ...(url ? { url } : {}), ...(secret ? { secret } : {}) });
  const shown = showImport(terminal.err);
  try {
    const to = { mapping: config.fhir, schema: config.schema, sink };
    const summary = await importFhir(resolve(folder), to, shown);
    shown.end();
    terminal.out.write(summaryTable(summary));
    return summary.broken > 0 ? 1 : 0;
  } finally {
    shown.end();
    await sink.close();
  }
}
