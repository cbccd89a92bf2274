import {
  type DeviceId,
  HoldfastError,
  type MutationId,
  type Schema,
  type TransactionId,
  type UserId,
  uuidV7,
} from '@holdfast/core';
import type { Status, WriteOptions, WriteReceipt } from '../device.ts';
import { allEntries } from '../outbox/outbox-store.ts';
import type { Backend } from '../ports/backend.ts';
import type { ChangeNotice, Platform } from '../ports/platform.ts';
import type { StorageDriver } from '../ports/storage-driver.ts';
import { createLiveQueries } from '../query/live-queries.ts';
import { openStore, refuseNewer } from '../store/open-store.ts';
import { readReadState } from '../sync/cursor-store.ts';
import { createSyncLoop, DEFAULT_SYNC, type SyncOptions } from '../sync/sync-loop.ts';
import { checkIntents } from '../write/check-intents.ts';
import { commitWrite } from '../write/commit-write.ts';
import type { Intent } from '../write/intent.ts';
import { createDeviceClock } from './device-clock.ts';
import type { Engine, EngineNews } from './engine.ts';
import { listenForNews } from './listen-for-news.ts';
import { addPending, EMPTY_COUNTS, type OutboxSummary, summarize, toOutboxEntry } from './outbox-summary.ts';

export interface EngineOptions {
  readonly schema: Schema;
  readonly user: UserId;
  readonly storage: StorageDriver;
  readonly backend: Backend;
  readonly platform: Platform;
  /** Names this store's locks: equal for all tabs of it, different for all others. */
  readonly storeName: string;
  readonly sync?: Partial<SyncOptions>;
  /** A request is given up after this long. */
  readonly timeoutMs?: number;
  /** The store failed while syncing; the engine goes on trying. */
  readonly onFault?: (error: unknown) => void;
}

const DEFAULT_TIMEOUT_MS = 60_000;

/** Opens the store and starts to sync. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { schema, user, storage, backend, platform, storeName } = options;
  const newId = () => uuidV7(platform.clock.now(), platform.random.bytes(10));
  const identity = await openStore(storage, schema, user, () => newId() as DeviceId);
  const clock = createDeviceClock(platform.clock, identity);
  const onFault = options.onFault ?? (() => {});
  const live = createLiveQueries((plan) => storage.read((tx) => tx.all(plan.sql, plan.parameters)), onFault);
  const watches = new Map<number, () => void>();
  const wakers = new Set<() => void>();
  let link: Status['link'] = 'unknown';
  const ended = new AbortController();
  let nextWatch = 1;
  let listener: ((news: EngineNews) => void) | null = null;
  let outbox: OutboxSummary = { counts: EMPTY_COUNTS, records: new Map() };
  let read: Pick<Status, 'progress' | 'ready' | 'lastSync'> = { progress: null, ready: false, lastSync: null };

  const status = (): Status => {
    const { link, phase } = loop.state();
    return { link, phase, outbox: outbox.counts, ...read };
  };
  // What the app's own listener throws says nothing about a write or an exchange.
  const tell = () => {
    try {
      listener?.({ status: status(), records: outbox.records });
    } catch (error) {
      onFault(error);
    }
  };

  const refresh = async () => {
    await storage.read(async (tx) => {
      outbox = summarize(await allEntries(tx));
      const state = await readReadState(tx);
      read = {
        progress: state.catchUp === null ? null : state.staged,
        ready: state.cursor !== null,
        lastSync: state.lastSync,
      };
    });
    tell();
  };

  // An exchange never waits for a page to take its rows: it holds the lock of all tabs, and a page can
  // be frozen for as long as the platform likes.
  const onExchangeChange = async (notice: ChangeNotice) => {
    platform.notices.post(notice);
    live.notify(notice).catch(onFault);
    await refresh();
  };

  const loop = createSyncLoop(
    {
      storage,
      backend,
      platform,
      schema,
      device: identity.device,
      clock,
      timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
      lockName: `${storeName}:sync`,
      onChange: onExchangeChange,
      onState: (state) => {
        if (state.link === 'up' && link !== 'up') for (const wake of [...wakers]) wake();
        link = state.link;
        tell();
      },
      onFault,
    },
    { ...DEFAULT_SYNC, ...options.sync },
  );

  const stopNotices = platform.notices.listen((notice) => {
    if (ended.signal.aborted) return;
    Promise.all([live.notify(notice), refresh()]).catch(onFault);
  });
  const stopNudges = platform.nudges.listen((why) => loop.trigger(why));
  const open = () => {
    if (ended.signal.aborted) throw new HoldfastError('StoreClosed');
  };

  const commit = async (intents: readonly Intent[], writeOptions: WriteOptions): Promise<WriteReceipt> => {
    open();
    const checked = checkIntents(schema, intents);
    const transaction = newId() as TransactionId;
    const planned = await storage.write(async (tx) => {
      await refuseNewer(tx, schema);
      return commitWrite(tx, schema, checked, {
        transaction,
        user,
        schema: schema.version,
        stamp: await clock.next(tx),
        nowMs: platform.clock.now(),
        priority: writeOptions.priority ?? null,
        nextId: () => newId() as MutationId,
      });
    });
    if (planned.length === 0) return { transaction: null, mutations: [] };
    const entries = planned.map(({ entry }) => entry);
    loop.trigger('write');
    try {
      const notice = noticeOf(entries);
      platform.notices.post(notice);
      if (planned.some(({ state }) => state.at !== 'pending')) await refresh();
      else {
        outbox = addPending(outbox, entries);
        tell();
      }
      // WR3: this tab's live queries have the change before the writer goes on; other tabs hear of it.
      await live.notify(notice);
    } catch (error) {
      // It is stored: a writer who is told otherwise writes it a second time.
      onFault(error);
    }
    return { transaction, mutations: planned.map(({ entry }) => entry.id) };
  };

  const whenUp = (wake: () => void) => {
    wakers.add(wake);
    return () => wakers.delete(wake);
  };

  await refresh();
  loop.trigger('open');
  const news = listenForNews(backend, platform, `${storeName}:live`, () => loop.trigger('news'), whenUp, ended.signal);
  news.catch((error: unknown) => {
    if (!ended.signal.aborted) onFault(error);
  });

  return {
    commit,
    async select(plan) {
      open();
      return storage.read((tx) => tx.all(plan.sql, plan.parameters));
    },
    async watch(plan, sink) {
      open();
      const watch = nextWatch;
      nextWatch += 1;
      watches.set(watch, live.add(plan, sink));
      return watch;
    },
    async unwatch(watch) {
      watches.get(watch)?.();
      watches.delete(watch);
    },
    async listen(next) {
      listener = next;
      tell();
    },
    outbox: async () => (await storage.read(allEntries)).map(toOutboxEntry),
    async sync() {
      open();
      await loop.sync();
      return status();
    },
    async pause() {
      loop.pause();
    },
    async resume() {
      loop.resume();
    },
    async nudge(why) {
      loop.trigger(why);
    },
    async close() {
      if (ended.signal.aborted) return;
      ended.abort();
      stopNotices();
      stopNudges();
      live.clear();
      await loop.stop();
      await storage.close();
    },
  };
}

function noticeOf(entries: readonly { collection: string; record: string }[]): ChangeNotice {
  const tables: Record<string, string[] | null> = { hf_outbox: null };
  for (const { collection, record } of entries) {
    const ids = tables[collection];
    if (ids) ids.push(record);
    else tables[collection] = [record];
  }
  return { tables };
}
