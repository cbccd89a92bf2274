import { HoldfastError, type Schema } from '@holdfast/core';
import { Hono } from 'hono';
import type { ServerStore } from '../store/server-store.ts';
import { bearerOf, isSecret } from './bearer.ts';
import { type ImportReport, importLines } from './import-lines.ts';
import { errorResponse, jsonResponse, NOT_STORED } from './respond.ts';

const SECRET = /^[\x21-\x7e]{16,}$/;

/**
 * What whoever runs the server may do over HTTP, with a secret of its own: `GET /counts`, `POST /epoch`,
 * `POST /backup/begin` and `/backup/done`, and `POST /import` of lines
 * `{"collection":…,"id":…,"values":{…}}`, answered line by line.
 *
 * @throws HoldfastError `InvalidConfig` for a secret that could be guessed, or that no header can carry
 */
export function adminRoutes(store: ServerStore, schema: Schema, secret: string, newId: () => string): Hono {
  if (!SECRET.test(secret)) throw new HoldfastError('InvalidConfig', 'the admin secret is not 16 visible characters');
  const app = new Hono();
  app.use(async (c, next) => {
    const given = bearerOf(c.req.raw);
    if (given === null || !isSecret(given, secret)) return errorResponse('NotAuthenticated', newId());
    return next();
  });
  app.get('/counts', async () => jsonResponse(await store.counts()));
  app.post('/epoch', async () => jsonResponse({ epoch: await store.newEpoch() }));
  app.post('/backup/begin', async () => jsonResponse({ holds: await store.backupBegins() }));
  app.post('/backup/done', async () => jsonResponse({ durable: await store.backupDone() }));
  app.post('/import', (c) => {
    const reports = importLines(store, schema, bytesOf(c.req.raw));
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const line = (report: ImportReport) => controller.enqueue(encoder.encode(`${JSON.stringify(report)}\n`));
        try {
          const { done, value } = await reports.next();
          if (done) controller.close();
          else line(value);
        } catch (error) {
          line({ stopped: error instanceof HoldfastError ? error.code : 'Internal' });
          controller.close();
        }
      },
      cancel: async () => {
        await reports.return(undefined);
      },
    });
    return new Response(body, { headers: { ...NOT_STORED, 'content-type': 'application/x-ndjson' } });
  });
  return app;
}

async function* bytesOf(request: Request): AsyncGenerator<Uint8Array> {
  const reader = request.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
