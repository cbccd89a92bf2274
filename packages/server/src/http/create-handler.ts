import { randomUUID } from 'node:crypto';
import {
  type ErrorCode,
  limits,
  MEDIA_TYPE,
  PROTOCOL_VERSION,
  parseJson,
  probeRequest,
  type Schema,
} from '@holdfast/core';
import { Hono } from 'hono';
import type { Auth, Session } from '../auth/auth.ts';
import type { CommandHandlers } from '../commands/command-handler.ts';
import { createExchange } from '../exchange/create-exchange.ts';
import { handleExchangeText } from '../exchange/handle-exchange-text.ts';
import type { ServerStore } from '../store/server-store.ts';
import { adminRoutes } from './admin-routes.ts';
import { bearerOf } from './bearer.ts';
import { crossOrigin } from './cross-origin.ts';
import { type DevUsers, devRoutes } from './dev-routes.ts';
import { Gate } from './gate.ts';
import { LiveStreams } from './live-streams.ts';
import { readBody } from './read-body.ts';
import { bodyResponse, errorResponse, jsonResponse } from './respond.ts';

/** Where the server says what it does; a pino logger is one. */
export interface Logger {
  info(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface HandlerOptions {
  readonly store: ServerStore;
  readonly schema: Schema;
  readonly auth: Auth;
  /** Milliseconds since 1970. */
  readonly clock: { now(): number };
  readonly logger?: Logger;
  /** How far a device's stamps may be ahead of the server's clock. Default: a minute. */
  readonly maxDriftMs?: number;
  /** What the server does for each command of the schema: `commandHandlers(schema, { … })`. */
  readonly commands?: CommandHandlers;
  /** For `/v1/admin`, which is absent without it. */
  readonly adminSecret?: string;
  /** FOR DEVELOPMENT ONLY: who can sign in without a password at `/v1/dev`, which is absent without it. */
  readonly devUsers?: DevUsers;
  /**
   * Other origins whose pages may call, each exactly as in `https://sync.example.org`: the addresses of the server
   * under which the app is found too. Default: none. Administration and development are for no others.
   */
  readonly origins?: readonly string[];
  /** Answers what is not under `/v1`, such as an app's own files; null for what it does not know. */
  readonly fallback?: (request: Request) => Response | null | Promise<Response | null>;
  readonly tuning?: Partial<HandlerTuning>;
}

export interface HandlerTuning {
  /** Exchanges at a time; one more is answered 503. */
  readonly maxExchanges: number;
  readonly maxExchangesPerUser: number;
  /** Open event streams. */
  readonly maxStreams: number;
  readonly maxStreamsPerUser: number;
  /** For a request's body to arrive; a device may be on 32 kbit/s. */
  readonly bodyTimeoutMs: number;
  readonly coalesceMs: number;
  readonly heartbeatMs: number;
}

const TUNING: HandlerTuning = {
  maxExchanges: 64,
  maxExchangesPerUser: 8,
  maxStreams: 10_000,
  maxStreamsPerUser: 32,
  bodyTimeoutMs: 60_000,
  coalesceMs: 100,
  heartbeatMs: 20_000,
};

/** A probe comes from anybody: it is small or none. */
const PROBE_BODY = { maxBytes: 1_024, expansion: 1, timeoutMs: 10_000 };

/** What a device asks for. */
const OPEN_PATHS = ['/v1/exchange', '/v1/live', '/v1/probe', '/v1/health'];

/** A standard fetch handler; `close` ends the open event streams. */
export interface Handler {
  fetch(request: Request): Promise<Response>;
  close(): void;
}

/**
 * The server's HTTP side: `POST /v1/exchange`, `POST /v1/probe`, `GET /v1/live`, `GET /v1/health`. Answers every request,
 * whatever it holds, with what was asked for or an error of the catalogue.
 *
 * @throws HoldfastError `InvalidConfig` where one of `origins` is none
 */
export function createHandler(options: HandlerOptions): Handler {
  const { store, auth, schema, logger } = options;
  const tuning = { ...TUNING, ...options.tuning };
  const exchange = createExchange({
    ...options,
    onFault: (error) => logger?.error({ err: error }, "a command's handler failed; its command was refused"),
  });
  const exchanges = new Gate(tuning.maxExchanges, tuning.maxExchangesPerUser);
  const streams = new Gate(tuning.maxStreams, tuning.maxStreamsPerUser);
  const live = new LiveStreams(store, options.clock, tuning);
  const body = { maxBytes: limits.requestBytes, expansion: limits.expansion, timeoutMs: tuning.bodyTimeoutMs };
  const app = new Hono();

  const fault = (requestId: string) => (error: unknown) => {
    logger?.error({ requestId, err: error }, 'a request could not be answered');
  };
  /** Runs `work` for whoever the token names, while the gate has room. */
  async function admitted(
    request: Request,
    gate: Gate,
    work: (session: Session, leave: () => void, requestId: string) => Promise<Response>,
  ): Promise<Response> {
    const requestId = randomUUID();
    const token = bearerOf(request);
    const session = token === null ? null : await auth.authenticate(token);
    if (session === null) return errorResponse('NotAuthenticated', requestId);
    if (!session.ok) return errorResponse('NotAuthenticated', requestId, session.error.detail);
    const leave = gate.enter(session.value.principal.user);
    if (leave === null) return errorResponse('Busy', requestId);
    try {
      return await work(session.value, leave, requestId);
    } catch (error) {
      leave();
      throw error;
    }
  }

  const { origins = [] } = options;
  if (origins.length > 0) {
    const allowed = crossOrigin(origins);
    for (const path of OPEN_PATHS) app.use(path, allowed);
  }
  app.post('/v1/exchange', (c) =>
    admitted(c.req.raw, exchanges, async ({ principal }, leave, requestId) => {
      const request = c.req.raw;
      const fail = (code: ErrorCode, detail?: string) => {
        leave();
        return errorResponse(code, requestId, detail);
      };
      if (mediaTypeOf(request) !== MEDIA_TYPE) return fail('MalformedRequest', `content-type is not ${MEDIA_TYPE}`);
      const text = await readBody(request, body);
      if (!text.ok) return fail(text.error);
      const answer = await handleExchangeText(exchange, principal, text.value, fault(requestId), requestId);
      leave();
      if (answer.code === null) return bodyResponse(request, answer.status, answer.body);
      return errorResponse(answer.code, requestId, answer.detail);
    }),
  );
  app.get('/v1/live', (c) => {
    // A HEAD is routed here too, and its stream would have no reader who could leave.
    if (c.req.raw.method !== 'GET') return errorResponse('MalformedRequest', randomUUID(), c.req.raw.method);
    return admitted(c.req.raw, streams, async (session, leave) => live.open(session, leave));
  });
  app.post('/v1/probe', async (c) => {
    const requestId = randomUUID();
    const request = c.req.raw;
    if (mediaTypeOf(request) !== MEDIA_TYPE) return errorResponse('MalformedRequest', requestId, 'content-type');
    const text = await readBody(request, PROBE_BODY);
    if (!text.ok) return errorResponse(text.error, requestId);
    const parsed = parseJson(text.value, 4);
    const asked = 'problem' in parsed ? null : probeRequest.safeParse(parsed.value);
    if (asked?.success !== true) return errorResponse('MalformedRequest', requestId);
    return bodyResponse(request, 200, JSON.stringify({ protocol: PROTOCOL_VERSION, nonce: asked.data.nonce }));
  });
  app.get('/v1/health', (c) => {
    const nonce = c.req.query('nonce');
    return jsonResponse({ ok: true, protocol: PROTOCOL_VERSION, ...(isNonce(nonce) ? { nonce } : {}) });
  });
  if (options.adminSecret !== undefined) {
    app.route('/v1/admin', adminRoutes(store, schema, options.adminSecret, randomUUID));
  }
  if (options.devUsers !== undefined) app.route('/v1/dev', devRoutes(options.devUsers, auth, randomUUID));
  app.notFound(async (c) => {
    const { pathname } = new URL(c.req.url);
    const ours = pathname === '/v1' || pathname.startsWith('/v1/');
    return (ours ? null : await options.fallback?.(c.req.raw)) ?? errorResponse('NotFound', randomUUID());
  });
  app.onError((error) => {
    const requestId = randomUUID();
    fault(requestId)(error);
    return errorResponse('Internal', requestId);
  });

  return { fetch: async (request) => app.fetch(request), close: () => live.close() };
}

function mediaTypeOf(request: Request): string {
  return (request.headers.get('content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
}

function isNonce(nonce: string | undefined): boolean {
  return nonce !== undefined && /^[0-9a-zA-Z_-]{16,64}$/.test(nonce);
}
