import { HoldfastError, mintEpoch } from '@holdfast/core';
import { clinic } from '@holdfast/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { jwtAuth } from '../auth/jwt-auth.ts';
import { memoryStore } from '../memory/memory-store.ts';
import type { ServerStore } from '../store/server-store.ts';
import { createHandler, type Handler } from './create-handler.ts';

const clock = { now: () => 1_700_000_500_000 };
const auth = jwtAuth({ secret: 'a secret of this test, long enough', clock });
const adminSecret = 'the-secret-of-the-admins';

let store: ServerStore;
let handler: Handler;

beforeEach(() => {
  const epoch = mintEpoch(1_700_000_000_000, new Uint8Array(4), null);
  const check = (_: string, id: string) => (id === 'refused' ? 'a constraint' : null);
  store = memoryStore({ schema: clinic, epoch, clock, check });
  handler = createHandler({ store, schema: clinic, auth, clock, adminSecret });
});

function ask(path: string, init: RequestInit = {}, secret = adminSecret): Promise<Response> {
  const headers = { authorization: `Bearer ${secret}` };
  return handler.fetch(new Request(`http://server/v1/admin${path}`, { ...init, headers }));
}

async function send(...lines: readonly (string | object)[]): Promise<unknown[]> {
  const body = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const response = await ask('/import', { method: 'POST', body });
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  const text = await response.text();
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
}

const contact = (id: string, values: object = {}) => ({
  collection: 'contacts',
  id,
  values: { name: id, phone: null, mentorId: 'ada', ...values },
});

describe('who may', () => {
  test('[SV5] nobody without the secret, and nobody at all where there is none', async () => {
    expect((await ask('/counts', {}, 'another-secret-of-others')).status).toBe(401);
    expect((await ask('/import', { method: 'POST', body: '{}' }, 'the-secret-of-the-admins2')).status).toBe(401);
    expect((await handler.fetch(new Request('http://server/v1/admin/counts'))).status).toBe(401);
    const closed = createHandler({ store, schema: clinic, auth, clock });
    const headers = { authorization: `Bearer ${adminSecret}` };
    expect((await closed.fetch(new Request('http://server/v1/admin/counts', { headers }))).status).toBe(404);
  });
});

test('[SV6] a secret that could be guessed, or that no header can carry, is refused at the start', () => {
  for (const secret of ['', 'short', 'long enough but with blanks']) {
    const start = () => createHandler({ store, schema: clinic, auth, clock, adminSecret: secret });
    expect(start).toThrow(expect.objectContaining({ code: 'InvalidConfig' }));
  }
});

describe('import', () => {
  test('[SV4] lines become records that reach devices like any others', async () => {
    const dose = { collection: 'doses', id: 'd1', values: { contactId: 'c1', drug: 'x', amount: 1, unit: 'mg' } };
    const reports = await send(contact('c1'), contact('c2', { phone: '1' }), '', dose, '');
    expect(reports.at(-1)).toEqual({ imported: 3, failed: 0, done: true });
    expect(await (await ask('/counts')).json()).toEqual({ contacts: 2, doses: 1, rules: 0 });
  });

  test('[SV4] again changes nothing; what differs is updated', async () => {
    await send(contact('c1'));
    await send(contact('c1'), contact('c1'), contact('c1', { name: 'New' }));
    const [row] = (await readAll()).rows;
    expect(row).toMatchObject({ version: expect.stringMatching(/^2@/), values: { name: 'New' } });
  });

  test('[WR2] a broken line is named and costs only itself', async () => {
    const reports = await send(
      contact('c1'),
      'no json',
      { collection: 'nothing', id: 'x', values: {} },
      contact('c2', { name: '' }),
      contact('../c3'),
      '{"collection":"contacts","id":"c4","values":{"__proto__":{}}}',
      contact('refused'),
      contact('c5'),
    );
    const errors = reports.filter((report): report is { line: number } => 'line' in (report as object));
    expect(errors.map(({ line }) => line).sort()).toEqual([2, 3, 4, 5, 6, 7]);
    expect(reports.at(-1)).toEqual({ imported: 2, failed: 6, done: true });
    expect((await store.counts())['contacts']).toBe(2);
  });

  test('[SV6] a line without end is cut, and what follows it goes on', async () => {
    const reports = await send(contact('c1', { name: 'x'.repeat(3_000_000) }), contact('c2'));
    expect(reports).toContainEqual({ line: 1, error: expect.stringContaining('longer') });
    expect(reports.at(-1)).toEqual({ imported: 1, failed: 1, done: true });
  });

  test('[SV7] a database that goes away stops it with word of that; what was told as imported is there', async () => {
    let calls = 0;
    const importRows: ServerStore['importRows'] = async (collection, rows) => {
      calls += 1;
      if (calls > 1) throw new HoldfastError('DatabaseUnreachable');
      await store.importRows(collection, rows);
    };
    handler = createHandler({ store: { ...store, importRows }, schema: clinic, auth, clock, adminSecret });
    const reports = await send(...Array.from({ length: 1_234 }, (_, i) => contact(`c${i}`)));
    expect(reports).toEqual([{ imported: 500, failed: 0 }, { stopped: 'DatabaseUnreachable' }]);
    expect((await store.counts())['contacts']).toBe(500);
  });

  test('[SV6] large bodies go through in batches, with word of how far they are', async () => {
    const reports = await send(...Array.from({ length: 1_234 }, (_, i) => contact(`c${i}`)));
    expect(reports).toEqual([
      { imported: 500, failed: 0 },
      { imported: 1_000, failed: 0 },
      { imported: 1_234, failed: 0, done: true },
    ]);
  });
});

function readAll() {
  const scopes = ['mentor:ada'] as never[];
  return store.read({ device: '' as never, scopes, since: null, collections: ['contacts'], after: null, limit: 10 });
}
