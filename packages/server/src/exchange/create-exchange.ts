import {
  clamp,
  type ExchangeRequest,
  type ExchangeResponse,
  err,
  ok,
  PROTOCOL_VERSION,
  type Receipt,
  type Result,
  type Schema,
  type Scope,
} from '@holdfast/core';
import type { Principal } from '../auth/principal.ts';
import type { DecideContext } from '../decide/decide-context.ts';
import type { ServerStore } from '../store/server-store.ts';
import { KnownDevices } from './known-devices.ts';
import { pull, sendingOrder } from './pull.ts';
import { type Pushed, push } from './push.ts';
import { type RequestProblem, requestProblem } from './request-problem.ts';

export interface ExchangeOptions {
  readonly store: ServerStore;
  readonly schema: Schema;
  /** Milliseconds since 1970. */
  readonly clock: { now(): number };
  /** How far a device's stamps may be ahead of the server's clock (CF10). Default: a minute. */
  readonly maxDriftMs?: number;
  /** How long a device that was met is not noted again. Default: a minute. */
  readonly meetAgainMs?: number;
}

/**
 * One round trip: takes in what the device sends, then reads what changed for it. Fails, with nothing
 * applied, with `UnsupportedProtocol`, `UnknownSchema`, `MalformedRequest`, `RequestTooLarge` or
 * `DeviceTaken`.
 */
export type Exchange = (
  principal: Principal,
  request: ExchangeRequest,
) => Promise<Result<ExchangeResponse, RequestProblem>>;

const MINUTE_MS = 60_000;
const KNOWN_DEVICES = 10_000;

export function createExchange(options: ExchangeOptions): Exchange {
  const { store, schema, clock, maxDriftMs = MINUTE_MS } = options;
  const order = sendingOrder(schema);
  const devices = new KnownDevices(KNOWN_DEVICES, options.meetAgainMs ?? MINUTE_MS);

  return async (principal, request) => {
    const problem = requestProblem(request, schema);
    if (problem !== null) return err(problem);
    const now = clock.now();
    const { device } = request;
    const context: DecideContext = {
      schema,
      epoch: store.epoch,
      principal,
      device,
      clamp: (stamp) => clamp(stamp, now, maxDriftMs),
    };
    const quiet = request.mutations.length === 0 && request.ack.receipts.length === 0;
    let pushed: Pushed = { receipts: [], held: [] };
    if (!quiet || !devices.has(device, principal.user, now)) {
      const result = await push(store, context, request);
      if (result === null) return err({ code: 'DeviceTaken' });
      devices.add(device, principal.user, now);
      pushed = result;
    }
    const pulled = await pull(store, order, scopesFor(principal, request), request);
    return ok({
      protocol: PROTOCOL_VERSION,
      nonce: request.nonce,
      epoch: store.epoch,
      now: Math.max(0, Math.trunc(now)),
      receipts: withoutDoubles([...pushed.receipts, ...pulled.receipts]),
      held: [...pushed.held],
      pages: pulled.pages,
      gone: pulled.gone,
      cursor: pulled.cursor,
      catchUp: pulled.catchUp,
      durable: null,
      horizon: null,
    });
  };
}

/** What the token allows, narrowed to what the device wants; never more. */
function scopesFor(principal: Principal, request: ExchangeRequest): readonly Scope[] {
  const { scopes } = request.want;
  if (scopes === null) return principal.scopes;
  const wanted = new Set(scopes);
  return principal.scopes.filter((scope) => wanted.has(scope));
}

function withoutDoubles(receipts: readonly Receipt[]): Receipt[] {
  const byId = new Map<string, Receipt>();
  for (const receipt of receipts) if (!byId.has(receipt.id)) byId.set(receipt.id, receipt);
  return [...byId.values()];
}
