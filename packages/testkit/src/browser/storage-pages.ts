import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import type { Call, StorageCalls } from './pages/storage/storage-calls.ts';
import { type ServedPages, type ServePagesOptions, servePages } from './serve-pages.ts';

/** Serves the page whose worker runs the storage contracts. */
export function serveStoragePages(mode: ServePagesOptions['mode']): Promise<ServedPages> {
  // Vite needs the sources, also where this runs from `dist`.
  const here = fileURLToPath(new URL('.', import.meta.url)).replace(/([\\/])dist([\\/]browser[\\/])$/, '$1src$2');
  return servePages({ root: `${here}pages/storage`, mode });
}

/** Asks the worker of a storage page. */
export async function ask<N extends keyof StorageCalls>(
  page: Page,
  name: N,
  ...args: Parameters<StorageCalls[N]>
): Promise<Awaited<ReturnType<StorageCalls[N]>>> {
  const call = { name, args } satisfies Omit<Call, 'id'>;
  const answer = await page.evaluate((asked) => window.ask(asked.name, ...asked.args), call);
  return answer as Awaited<ReturnType<StorageCalls[N]>>;
}
