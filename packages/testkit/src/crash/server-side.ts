import {
  type ExchangeRequest,
  type JsonObject,
  type MutationId,
  mintEpoch,
  type Receipt,
  type Schema,
  type Scope,
  type UserId,
} from '@holdfast/core';
import { createExchange, handleExchangeText, memoryStore, type Principal, type ServerStore } from '@holdfast/server';
import { createChance } from '../sim/chance.ts';
import { createVirtualTime, type VirtualTime } from '../sim/virtual-time.ts';
import { crashCommands } from './crash-schema.ts';

/** 2026-01-01. */
export const CRASH_START_MS = 1_767_225_600_000;

/** The other end of the link: the real server code over the in-memory store. */
export interface ServerSide {
  readonly time: VirtualTime;
  store(): ServerStore;
  scopesOf(user: string): readonly Scope[];
  setScopes(user: string, scopes: readonly string[]): void;
  /** Bytes of a page at the most; null for the server's own bound. */
  pageBytes: number | null;
  exchange(user: string, body: string): Promise<{ readonly status: number; readonly body: string }>;
  /** Writes rows as another program does; fields that its schema does not have are left out. */
  importRows(collection: string, rows: Readonly<Record<string, JsonObject>>): Promise<void>;
  /** The server was put back to nothing, and says so: a history of its own begins. */
  beginEpoch(): void;
  /** What was answered in this epoch. */
  readonly answers: Map<MutationId, Receipt>;
  /** What broke a promise. */
  readonly violations: string[];
}

export function createServerSide(schema: Schema): ServerSide {
  const time = createVirtualTime();
  const clock = { now: () => CRASH_START_MS + time.now() };
  const scopes = new Map<string, readonly Scope[]>();
  const answers = new Map<MutationId, Receipt>();
  const violations: string[] = [];
  const build = (epochs: number) => {
    const epoch = mintEpoch(CRASH_START_MS + epochs, new Uint8Array(4), null);
    const store = memoryStore({ schema, clock, random: createChance(epochs), epoch });
    return { store, exchange: createExchange({ store, schema, clock, commands: crashCommands }) };
  };
  let epochs = 1;
  let server = build(epochs);
  const note = (receipt: Receipt) => {
    const before = answers.get(receipt.id);
    if (before !== undefined && (before.outcome !== receipt.outcome || before.position !== receipt.position)) {
      violations.push(`[SV1] ${receipt.id} was answered ${before.outcome}, then ${receipt.outcome}`);
    }
    answers.set(receipt.id, before ?? receipt);
  };
  const side: ServerSide = {
    time,
    store: () => server.store,
    scopesOf: (user) => scopes.get(user) ?? [],
    setScopes: (user, names) => void scopes.set(user, names as readonly Scope[]),
    pageBytes: null,
    async exchange(user, body) {
      const principal: Principal = { user: user as UserId, role: null, scopes: side.scopesOf(user) };
      const answer = await handleExchangeText(server.exchange, principal, bounded(body, side.pageBytes), (error) =>
        violations.push(`the server met a fault: ${String(error)}`),
      );
      if (answer.status === 200)
        for (const receipt of (JSON.parse(answer.body) as { receipts: Receipt[] }).receipts) note(receipt);
      return answer;
    },
    importRows(collection, rows) {
      const known = new Set(schema.collections.get(collection)?.columns.map(({ name }) => name));
      const fitting = (values: JsonObject) =>
        Object.fromEntries(Object.entries(values).filter(([name]) => known.has(name)));
      return server.store.importRows(
        collection,
        Object.entries(rows).map(([id, values]) => ({ id, values: fitting(values) })),
      );
    },
    beginEpoch() {
      epochs += 1;
      server = build(epochs);
      answers.clear();
    },
    answers,
    violations,
  };
  return side;
}

/** A request as a device with less room would send it. */
function bounded(body: string, pageBytes: number | null): string {
  if (pageBytes === null) return body;
  const request = JSON.parse(body) as ExchangeRequest;
  return JSON.stringify({ ...request, want: { ...request.want, maxBytes: pageBytes } });
}
