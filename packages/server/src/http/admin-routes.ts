import type { Schema } from '@holdfast/core';
import { Hono } from 'hono';
import type { ServerStore } from '../store/server-store.ts';
import { bearerOf, isSecret } from './bearer.ts';
import { importLines } from './import-lines.ts';
import { errorResponse, jsonResponse, NOT_STORED } from './respond.ts';

/**
 * What whoever runs the server may do over HTTP, with a secret of its own: `GET /counts`, and
 * `POST /import` of lines `{"collection":…,"id":…,"values":{…}}`, answered line by line.
 */
export function adminRoutes(store: ServerStore, schema: Schema, secret: string, newId: () => string): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    const given = bearerOf(c.req.raw);
    if (given === null || !isSecret(given, secret)) return errorResponse('NotAuthenticated', newId());
    return next();
  });
  app.get('/counts', async () => jsonResponse(await store.counts()));
  app.post('/import', (c) => {
    const reports = importLines(store, schema, bytesOf(c.req.raw));
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      pull: async (controller) => {
        const { done, value } = await reports.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
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
