import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collection, hasCode, schema } from '@holdfast/core';
import { systemPorts } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { pgliteStore } from './pglite-store.ts';

const app = (fields: Record<string, z.ZodType>) =>
  schema({ version: 1, collections: { visits: collection(fields, { scopes: ['everyone'] }) } });

test('[SV7] a folder keeps its records and its epoch, serves one process, and is let go at the end', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'hf-pglite-'));
  const open = (fields: Record<string, z.ZodType>) => pgliteStore({ folder, schema: app(fields), ...systemPorts });
  try {
    const first = await open({ place: z.string() });
    await first.importRows('visits', [{ id: 'v', values: { place: 'here' } }]);
    const busy: unknown = await open({ place: z.string() }).catch((error: unknown) => error);
    expect(hasCode(busy, 'DataFolderBusy')).toBe(true);
    await first.close();
    expect(await readdir(folder)).not.toContain('server.lock');
    const mismatch: unknown = await open({ place: z.string(), day: z.iso.date() }).catch((error: unknown) => error);
    expect(hasCode(mismatch, 'DatabaseMismatch')).toBe(true);
    const second = await open({ place: z.string() });
    expect(second.epoch).toBe(first.epoch);
    expect(await second.counts()).toEqual({ visits: 1 });
    await second.close();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
