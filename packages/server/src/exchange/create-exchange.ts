import {
  clamp,
  type Epoch,
  type ExchangeRequest,
  type ExchangeResponse,
  err,
  HoldfastError,
  type JsonObject,
  ok,
  PROTOCOL_VERSION,
  type Receipt,
  type Result,
  type Schema,
  type Snapshot,
} from '@holdfast/core';
import type { Principal } from '../auth/principal.ts';
import type { CommandHandlers } from '../commands/command-handler.ts';
import type { DecideContext } from '../decide/decide-context.ts';
import { showsTheirs, withoutTheirs } from '../decide/without-theirs.ts';
import type { Created } from '../feed/build-page.ts';
import { recordKey, type ServerStore } from '../store/server-store.ts';
import { KnownDevices } from './known-devices.ts';
import { unmatchedCommands } from './load-request.ts';
import { type Pulled, pull, sendingOrder } from './pull.ts';
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
  /** What the server does for each command of the schema: `commandHandlers(schema, { … })`. */
  readonly commands?: CommandHandlers;
  /** Hears what a command's handler threw; its command was refused. */
  readonly onFault?: (error: unknown) => void;
}

/**
 * One round trip: takes in what the device sends, then reads what changed for it. Fails, with nothing
 * applied, with `UnsupportedProtocol`, `UnknownSchema`, `MalformedRequest`, `RequestTooLarge` or
 * `DeviceTaken`, `OtherUser`.
 */
export type Exchange = (
  principal: Principal,
  request: ExchangeRequest,
) => Promise<Result<ExchangeResponse, RequestProblem>>;

const MINUTE_MS = 60_000;
const KNOWN_DEVICES = 10_000;
const BEFORE_ALL = '1:1:' as Snapshot;

/** @throws HoldfastError `InvalidSchema` when the schema's commands and the handlers do not match */
export function createExchange(options: ExchangeOptions): Exchange {
  const { store, schema, clock, maxDriftMs = MINUTE_MS, commands = new Map(), onFault = () => {} } = options;
  const unmatched = unmatchedCommands(schema, commands);
  if (unmatched.length > 0) throw new HoldfastError('InvalidSchema', `commands: ${unmatched.join(', ')}`);
  const order = sendingOrder(schema);
  const devices = new KnownDevices(KNOWN_DEVICES, options.meetAgainMs ?? MINUTE_MS);

  return async (principal, request) => {
    if (request.user !== undefined && request.user !== principal.user) return err({ code: 'OtherUser' });
    const problem = requestProblem(request, schema);
    if (problem !== null) return err(problem);
    const now = clock.now();
    const { device } = request;
    const context: DecideContext = {
      schema,
      epoch: store.epoch,
      principal,
      device,
      now,
      clamp: (stamp) => clamp(stamp, now, maxDriftMs),
      commands,
    };
    const quiet = request.mutations.length === 0 && request.ack.receipts.length === 0;
    let pushed: Pushed = { receipts: [], held: [], faults: [] };
    if (!quiet || !devices.has(device, principal.user, now)) {
      const result = await push(store, context, request, floorOf(request, store.epoch));
      if (result === null) return err({ code: 'DeviceTaken' });
      devices.add(device, principal.user, now);
      pushed = result;
      for (const fault of result.faults) onFault(fault);
    }
    const created = request.want.echo === false ? createdBy(request, pushed) : new Map();
    const reader = { user: principal.user, allowed: principal.scopes, nowMs: now, created };
    const pulled = await pull(store, order, reader, request);
    const { shownIn: _, ...read } = pulled;
    return ok({
      ...read,
      protocol: PROTOCOL_VERSION,
      nonce: request.nonce,
      now: Math.max(0, Math.trunc(now)),
      receipts: withoutDoubles([...pushed.receipts, ...shownTo(principal, pulled)]),
      held: [...pushed.held],
    });
  };
}

/** What the request has created, as it says itself; null of a record that it creates twice. */
function createdBy({ mutations }: ExchangeRequest, { receipts }: Pushed): Created {
  const applied = new Set(receipts.filter(({ outcome }) => outcome === 'applied').map(({ id }) => id));
  const created = new Map<string, JsonObject | null>();
  for (const mutation of mutations) {
    if (mutation.kind !== 'create' || !applied.has(mutation.id)) continue;
    const key = recordKey(mutation.collection, mutation.record);
    const values: JsonObject = Object.assign({}, ...mutation.set.map((change) => change.values));
    created.set(key, created.has(key) ? null : values);
  }
  return created;
}

/**
 * What the device has read the least of all that it still stands on: no tombstone after this may be
 * forgotten while it is about. Null where it has read nothing. One that comes from another history stands on
 * nothing of this one, and so before all of it.
 */
function floorOf({ ack, cursor, catchUp, epoch }: ExchangeRequest, now: Epoch): Snapshot | null {
  if (epoch === null) return null;
  if (epoch !== now) return BEFORE_ALL;
  const held = [ack.floor, cursor?.snapshot, catchUp?.since?.snapshot, catchUp?.first.snapshot, catchUp?.part];
  let floor: Snapshot | null = null;
  for (const snapshot of held) {
    if (snapshot !== null && snapshot !== undefined && (floor === null || begin(snapshot) < begin(floor))) {
      floor = snapshot;
    }
  }
  return floor;
}

function begin(snapshot: Snapshot): bigint {
  return BigInt(snapshot.split(':')[0] ?? '0');
}

/** SV5: what others wrote is shown only of records that the user may see now, whatever he saw then. */
function shownTo(principal: Principal, { receipts, shownIn }: Pulled): Receipt[] {
  const allowed = new Set(principal.scopes);
  return receipts.map((receipt) => {
    const shown = !showsTheirs(receipt) || shownIn.get(receipt.id)?.some((scope) => allowed.has(scope));
    return shown ? receipt : withoutTheirs(receipt);
  });
}

function withoutDoubles(receipts: readonly Receipt[]): Receipt[] {
  const byId = new Map<string, Receipt>();
  for (const receipt of receipts) if (!byId.has(receipt.id)) byId.set(receipt.id, receipt);
  return [...byId.values()];
}
