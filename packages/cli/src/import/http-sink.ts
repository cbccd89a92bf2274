import { HoldfastError } from '@holdfast/core';
import type { RowSink } from './row-sink.ts';

/** One line of the server's answer: a row that it did not take, or how far it is. */
type Report = { readonly line?: number; readonly error?: string; readonly done?: boolean };

/**
 * Hands imported rows to a running server: it has the data folder open, and only one process may.
 * Throws HoldfastError `ServerUnreachable` or `NotAuthenticated`.
 */
export function httpSink(server: { readonly url: string; readonly secret: string }): RowSink {
  const address = new URL('/v1/admin/import', server.url);
  return {
    async write(collection, rows) {
      const response = await fetch(address, {
        method: 'POST',
        headers: { authorization: `Bearer ${server.secret}`, 'content-type': 'application/x-ndjson' },
        body: rows.map(({ id, values }) => JSON.stringify({ collection, id, values })).join('\n'),
      }).catch((cause: unknown) => {
        throw new HoldfastError('ServerUnreachable', server.url, { cause });
      });
      if (response.status === 401) throw new HoldfastError('NotAuthenticated', `${server.url}: another secret`);
      if (!response.ok) throw new HoldfastError('ServerUnreachable', `${server.url} answered ${response.status}`);
      const reports = parseReports(await response.text(), server.url);
      const refused = reports.find((report) => report.error !== undefined);
      if (refused?.error !== undefined) throw new Error(refused.error);
    },
    close: () => Promise.resolve(),
  };
}

function parseReports(text: string, url: string): readonly Report[] {
  try {
    const reports: Report[] = text
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    if (reports.at(-1)?.done === true) return reports;
  } catch {
    // Not of our making: said below.
  }
  throw new HoldfastError('ServerUnreachable', `${url} gave half an answer`);
}
