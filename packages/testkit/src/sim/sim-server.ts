import {
  type ExchangeRequest,
  hasCode,
  mintEpoch,
  type Position,
  type Receipt,
  type Scope,
  type UserId,
} from '@holdfast/core';
import {
  createExchange,
  type Exchange,
  handleExchangeText,
  type ImportRow,
  type MemoryBackup,
  type MemoryStore,
  memoryStore,
  type Principal,
  type ServerStore,
  type TextResponse,
} from '@holdfast/server';
import { dice } from './chance.ts';
import type { Faults } from './faults.ts';
import { createShadow, type Shadow } from './shadow.ts';
import { watchSight } from './sight-oracle.ts';
import { WORLD_START_MS } from './sim-clock.ts';
import { NEWEST, schemaOf, simCommands } from './sim-schema.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Where the next crash of the server happens: counted in commits and writes from now. */
export type CrashPoint = 'before-apply' | 'before-commit' | 'after-commit';

/** The real server code over the in-memory store, in a process that can die, and a note of all it committed. */
export interface SimServer {
  readonly store: ServerStore;
  /** Waits for a real database where one is asked; null where nothing is under way, or nothing real. */
  busy(): Promise<void> | null;
  /** Rows that another program writes. */
  importRows(collection: string, rows: readonly ImportRow[]): Promise<void>;
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
  /** Takes a backup; `told`: the server learns that it is safe, and tells the devices. */
  backUp(told: boolean): Promise<void>;
  /** Goes back to the last backup, or only begins a new epoch, as an operator does it: before it serves again. */
  restore(from: 'backup' | 'now'): Promise<void>;
  /** What was committed and answered in an epoch that a restore has ended; of today's where it is none of those. */
  at(epoch: string | null): Timeline;
  /** When a mutation was answered that a restore of the server has undone; null where none has. */
  undoneAt(mutation: string): { readonly answered: number; readonly restored: number } | null;
  /** Everything that was ever committed; null of a real database, whose commits nobody here can watch. */
  readonly shadow: Shadow | null;
  /** What the server answered, by mutation: an answer never changes. */
  readonly answers: ReadonlyMap<string, Receipt>;
  /** Each mutation's place among all that were answered, in the order of the commits. */
  readonly answeredAt: ReadonlyMap<string, number>;
  /** What broke a promise; empty in a healthy world. */
  readonly violations: string[];
}

/** One history of the server: a restore ends it, and begins another from where the backup was taken. */
export interface Timeline {
  readonly shadow: Shadow | null;
  readonly answers: ReadonlyMap<string, Receipt>;
}

/** What a restore goes back to. */
interface Kept {
  readonly backup: MemoryBackup;
  readonly shadow: Shadow;
  readonly answers: Map<string, Receipt>;
  readonly forget: () => void;
}

class ServerDied extends Error {}

/** `database`: a store on a real database instead of the one in memory; it cannot die nor be put back here. */
export function createSimServer(
  time: VirtualTime,
  seed: number,
  faults: () => Faults,
  database: ServerStore | null = null,
): SimServer {
  const draw = dice(seed);
  const clock = { now: () => WORLD_START_MS + time.now() };
  const violations: string[] = [];
  let answers = new Map<string, Receipt>();
  const answeredMs = new Map<string, number>();
  let shadow = createShadow(clock, violations);
  const sight = watchSight(violations);
  const ended = new Map<string, Timeline>();
  const undone = new Map<string, { answered: number; restored: number }>();
  let kept: Kept | null = null;
  let lastCommit: Position | null = null;
  let epoch = mintEpoch(clock.now(), draw('epoch').bytes(4), null);
  let crash: CrashPoint | null = null;
  let life = { over: false };
  let listeners = new Set<{ onNews: (scopes: readonly Scope[]) => void; onEnd: () => void }>();
  let version = database === null ? 1 : NEWEST;
  let memory: MemoryStore;
  let store: ServerStore;
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

  const openMemory = (own: { over: boolean }, backup?: MemoryBackup) =>
    memoryStore({
      schema: schemaOf(version),
      clock,
      random: draw('store'),
      epoch,
      ...(backup === undefined ? {} : { backup }),
      async beforeCommit() {
        const { slowTransaction } = faults();
        if (serving && slowTransaction > 0 && draw('slow').happens(slowTransaction)) {
          const ms = draw('slow').happens(0.1) ? 60_000 : 50 + draw('slow').below(3_000);
          await new Promise<void>((resolve) => time.after(ms, resolve));
        }
        dieAt('before-commit', own);
      },
      onCommit(position, changed) {
        if (own.over) throw new ServerDied();
        lastCommit = position;
        shadow.committed(position, changed);
      },
    });

  const start = (backup?: MemoryBackup) => {
    const own = { over: false };
    life = own;
    if (database === null) memory = openMemory(own, backup);
    store = database ?? memory;
    store.onNews((scopes) => {
      for (const { onNews } of listeners) onNews(scopes);
    });
    const watched = sight.watch(store, () => dieAt('before-apply', own));
    exchange = createExchange({ store: watched, schema: schemaOf(version), clock, commands: simCommands, onFault });
  };

  // A real database answers when it does: one after the other, so that the same history does much the same.
  let queue: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    if (database === null) return work();
    waiting += 1;
    const result = queue.then(work).finally(() => {
      waiting -= 1;
    });
    queue = result.catch(() => undefined);
    return result;
  };

  let copied = false;
  let serving = true;

  const note = (receipts: readonly Receipt[]) => {
    for (const receipt of receipts) {
      const before = answers.get(receipt.id);
      if (before === undefined) {
        answers.set(receipt.id, receipt);
        answeredMs.set(receipt.id, time.now());
      } else if (before.outcome !== receipt.outcome || before.position !== receipt.position) {
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
    busy: () => (waiting === 0 ? null : queue.then(() => undefined)),
    importRows: (collection, rows) => inTurn(() => store.importRows(collection, rows)),
    get shadow() {
      return database === null ? shadow : null;
    },
    get answers() {
      return answers;
    },
    get answeredAt() {
      return sight.answeredAt;
    },
    at: (name) => ended.get(name ?? '') ?? { shadow: server.shadow, answers },
    undoneAt: (mutation) => undone.get(mutation) ?? null,
    async backUp(told) {
      if (!serving || database !== null) return;
      const own = life;
      await store.backupBegins();
      const backup = memory.backup();
      const next = { backup, shadow: shadow.copy(), answers: new Map(answers), forget: sight.keep() };
      if (own.over) return;
      kept = next;
      if (told) await store.backupDone();
    },
    async restore(from) {
      if (!serving || database !== null) return;
      const back = from === 'backup' ? kept : null;
      serving = false;
      server.restart();
      ended.set(epoch, { shadow, answers });
      if (back === null) {
        shadow = shadow.copy();
        answers = new Map(answers);
      } else {
        for (const id of answers.keys()) {
          if (!back.answers.has(id)) undone.set(id, { answered: answeredMs.get(id) ?? 0, restored: time.now() });
        }
        life.over = true;
        start(back.backup);
        shadow = back.shadow.copy();
        answers = new Map(back.answers);
        back.forget();
      }
      epoch = await store.newEpoch();
      const at = lastCommit;
      if (at === null) throw new Error('a new epoch is a commit');
      shadow.restamp(at);
      for (const [id, receipt] of answers) answers.set(id, { ...receipt, position: at });
      serving = true;
    },
    cloned(user) {
      copied = true;
      sight.cloned(user);
    },
    violations,
    crashAt(point) {
      crash = point;
    },
    restart(next) {
      if (database !== null) throw new Error('a real database is not restarted here');
      life.over = true;
      crash = null;
      const ended = listeners;
      listeners = new Set();
      for (const { onEnd } of ended) onEnd();
      version = next ?? version;
      start(memory.backup());
    },
    listen(onNews, onEnd) {
      const listener = { onNews, onEnd };
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async handle(principal, body) {
      if (!serving) return null;
      const [own, histories] = [life, ended.size];
      sight.sent((JSON.parse(body) as ExchangeRequest).mutations);
      const answer = await inTurn(() => handleExchangeText(exchange, principal, body, onFault));
      if (crash === 'after-commit') server.restart();
      // What a restore has undone in the meantime was never answered.
      if (answer.status === 200 && histories === ended.size)
        note((JSON.parse(answer.body) as { receipts: Receipt[] }).receipts);
      return own.over ? null : answer;
    },
  };
  start();
  return server;
}

export function principalOf(user: string, role: string, scopes: readonly string[]): Principal {
  return { user: user as UserId, role, scopes: scopes as readonly Scope[] };
}
