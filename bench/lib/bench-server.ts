import { randomBytes, randomUUID } from 'node:crypto';
import { createHandler, jwtAuth, memoryStore, serve } from '@holdfast/server';
import { benchSchema, benchVisit, MENTORS, RECORDS } from './bench-schema.ts';

export interface BenchServer {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

/** A real server with 20,000 records in one user's scopes. */
export async function benchServer(fallback?: (request: Request) => Promise<Response | null>): Promise<BenchServer> {
  const clock = { now: () => Date.now() };
  const store = memoryStore({ schema: benchSchema, clock, random: { bytes: (length) => randomBytes(length) } });
  const rows = Array.from({ length: RECORDS }, (_, number) => ({ id: randomUUID(), values: benchVisit(number) }));
  await store.importRows('visits', rows);
  const auth = jwtAuth({ secret: randomBytes(32).toString('hex'), clock, tokenSeconds: 86_400 });
  const handler = createHandler({ store, schema: benchSchema, auth, clock, ...(fallback && { fallback }) });
  const server = await serve({ handler, port: 0 });
  const scopes = Array.from({ length: MENTORS }, (_, number) => `mentor:m${number}`);
  const token = await auth.sign?.({ user: 'bench', role: 'mentor', scopes });
  if (token === undefined) throw new Error('the server signs no tokens');
  return {
    url: server.url,
    token,
    async close() {
      handler.close();
      await server.stop();
    },
  };
}
