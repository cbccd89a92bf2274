import { type ExchangeRequest, hasCode, mintEpoch, type Receipt, type Scope, type UserId } from '@holdfast/core';
import {
  createExchange,
  type Exchange,
  handleExchangeText,
  type MemoryBackup,
  type MemoryStore,
  memoryStore,
  type Principal,
  type TextResponse,
} from '@holdfast/server';
import { dice } from './chance.ts';
import type { Faults } from './faults.ts';
import { createShadow, type Shadow } from './shadow.ts';
import { watchSight } from './sight-oracle.ts';
import { WORLD_START_MS } from './sim-clock.ts';
import { schemaOf, simCommands } from './sim-schema.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Where the next crash of the server happens: counted in commits and writes from now. */
export type CrashPoint = 'before-apply' | 'before-commit' | 'after-commit';

/** The real server code over the in-memory store, in a process that can die, and a note of all it committed. */
export interface SimServer {
  readonly store: MemoryStore;
  /** The schema it runs with. */
  readonly version: number;
  /** One request, as text, to one answer, as text; null where the server dies over it. */
  handle(principal: Principal, body: string): Promise<TextResponse | null>;
  /** Hears of news until the server ends. Returns how to stop. */
  listen(onNews: (scopes: readonly Scope[]) => void, onEnd: () => void): () => void;
  /** Dies at the next transaction that gets there, and starts again. */
  crashAt(point: CrashPoint): void;
  /** Dies now, and starts again: with this version of the schema, if one is given. */
  restart(version?: number): void;
  /** This user has two devices now that go on from one disk. */
  cloned(user: string): void;
  /** Everything that was ever committed. */
  readonly shadow: Shadow;
  /** What the server answered, by mutation: an answer never changes. */
  readonly answers: ReadonlyMap<string, Receipt>;
  /** Each mutation's place among all that were answered, in the order of the commits. */
  readonly answeredAt: ReadonlyMap<string, number>;
  /** What broke a promise; empty in a healthy world. */
  readonly violations: string[];
}

class ServerDied extends Error {}

export function createSimServer(time: VirtualTime, seed: number, faults: () => Faults): SimServer {
  const draw = dice(seed);
  const clock = { now: () => WORLD_START_MS + time.now() };
  const violations: string[] = [];
  const answers = new Map<string, Receipt>();
  const shadow = createShadow(clock, violations);
  const sight = watchSight(violations);
  const epoch = mintEpoch(clock.now(), draw('epoch').bytes(4), null);
  let crash: CrashPoint | null = null;
  let life = { over: false };
  let listeners = new Set<{ onNews: (scopes: readonly Scope[]) => void; onEnd: () => void }>();
  let version = 1;
  let store: MemoryStore;
  let exchange: Exchange;

  const dieAt = (point: CrashPoint, own: { over: boolean }) => {
    if (crash === point && !own.over) {
      crash = null;
      server.restart();
    }
    if (own.over) throw new ServerDied();
  };

  const onFault = (error: unknown) => {
    // Told to come again, because somebody else was just being answered about the same ids.
    if (error instanceof ServerDied || hasCode(error, 'Busy')) return;
    violations.push(`the server met a fault: ${String(error instanceof Error ? error.stack : error)}`);
  };

  const start = (backup?: MemoryBackup) => {
    const own = { over: false };
    life = own;
    store = memoryStore({
      schema: schemaOf(version),
      clock,
      random: draw('store'),
      epoch,
      ...(backup === undefined ? {} : { backup }),
      async beforeCommit() {
        const { slowTransaction } = faults();
        if (slowTransaction > 0 && draw('slow').happens(slowTransaction)) {
          const ms = draw('slow').happens(0.1) ? 60_000 : 50 + draw('slow').below(3_000);
          await new Promise<void>((resolve) => time.after(ms, resolve));
        }
        dieAt('before-commit', own);
      },
      onCommit(position, changed) {
        if (own.over) throw new ServerDied();
        shadow.committed(position, changed);
      },
    });
    store.onNews((scopes) => {
      for (const { onNews } of listeners) onNews(scopes);
    });
    const watched = sight.watch(store, () => dieAt('before-apply', own));
    exchange = createExchange({ store: watched, schema: schemaOf(version), clock, commands: simCommands, onFault });
  };

  let copied = false;

  const note = (receipts: readonly Receipt[]) => {
    for (const receipt of receipts) {
      const before = answers.get(receipt.id);
      if (before === undefined) answers.set(receipt.id, receipt);
      else if (before.outcome !== receipt.outcome || before.position !== receipt.position) {
        const reused = receipt.outcome === 'refused' && receipt.reason === 'reused';
        // Two copies of one disk can each change what was not sent yet: the second is told (hazard B7).
        if (reused && copied) continue;
        violations.push(
          `[I1] [SV1] ${receipt.id} was answered ${before.outcome} at ${before.position}, then ${receipt.outcome} at ${receipt.position}${reused ? ' (reused)' : ''}`,
        );
      }
    }
  };

  const server: SimServer = {
    get store() {
      return store;
    },
    get version() {
      return version;
    },
    shadow,
    answers,
    answeredAt: sight.answeredAt,
    cloned(user) {
      copied = true;
      sight.cloned(user);
    },
    violations,
    crashAt(point) {
      crash = point;
    },
    restart(next) {
      life.over = true;
      crash = null;
      const ended = listeners;
      listeners = new Set();
      for (const { onEnd } of ended) onEnd();
      version = next ?? version;
      start(store.backup());
    },
    listen(onNews, onEnd) {
      const listener = { onNews, onEnd };
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async handle(principal, body) {
      const own = life;
      sight.sent((JSON.parse(body) as ExchangeRequest).mutations);
      const answer = await handleExchangeText(exchange, principal, body, onFault);
      if (crash === 'after-commit') server.restart();
      if (answer.status === 200) note((JSON.parse(answer.body) as { receipts: Receipt[] }).receipts);
      return own.over ? null : answer;
    },
  };
  start();
  return server;
}

export function principalOf(user: string, role: string, scopes: readonly string[]): Principal {
  return { user: user as UserId, role, scopes: scopes as readonly Scope[] };
}
