import {
  type DeviceId,
  HoldfastError,
  type MutationId,
  type Schema,
  type TransactionId,
  type UserId,
  uuidV7,
} from '@holdfast/core';
import { act as decideEntry } from '../bay/act.ts';
import type { ActionResult, OutboxAction } from '../bay/choice.ts';
import type { Status, WriteOptions, WriteReceipt } from '../device.ts';
import { createFetchAsks } from '../hold/fetch-asks.ts';
import { type HoldOption, holdOf } from '../hold/hold.ts';
import { setHold } from '../hold/hold-store.ts';
import { readVisible } from '../hold/read-visible.ts';
import { localAction } from '../identity/local-action.ts';
import { localIntents } from '../identity/local-intents.ts';
import { tokenShelf } from '../link/token-shelf.ts';
import { allEntries, entryStates } from '../outbox/outbox-store.ts';
import type { Backend, BackendHome } from '../ports/backend.ts';
import type { ChangeNotice, Platform } from '../ports/platform.ts';
import type { StorageDriver } from '../ports/storage-driver.ts';
import { createLiveQueries } from '../query/live-queries.ts';
import { openStore, refuseNewer } from '../store/open-store.ts';
import { readReadState } from '../sync/cursor-store.ts';
import { readEarly } from '../sync/show-early.ts';
import { createSyncLoop, DEFAULT_SYNC, type SyncOptions } from '../sync/sync-loop.ts';
import { checkIntents } from '../write/check-intents.ts';
import { commitWrite } from '../write/commit-write.ts';
import type { Intent } from '../write/intent.ts';
import { createDeviceClock } from './device-clock.ts';
import type { Engine, EngineNews } from './engine.ts';
import { listenForNews } from './listen-for-news.ts';
import { look } from './look.ts';
import {
  addPending,
  EMPTY_COUNTS,
  type OutboxSummary,
  type RecordNews,
  summarize,
  toOutboxEntry,
} from './outbox-summary.ts';

export interface EngineOptions {
  readonly schema: Schema;
  readonly user: UserId;
  readonly storage: StorageDriver;
  /** The other end, or how to make it for this device. */
  readonly backend: Backend | ((home: BackendHome) => Backend);
  readonly platform: Platform;
  /** Names this store's locks: equal for all tabs of it, different for all others. */
  readonly storeName: string;
  readonly sync?: Partial<SyncOptions>;
  /** What the device holds of all that its user may see (SY14). Default: everything. */
  readonly hold?: HoldOption;
  /** An exchange on which nothing moves for so long is called off. */
  readonly stallMs?: number;
  /** The store failed while syncing; the engine goes on trying. */
  readonly onFault?: (error: unknown) => void;
}

const STALL_MS = 60_000;

/** Opens the store and starts to sync. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const { schema, user, storage, platform, storeName } = options;
  const home = { platform, storeName, tokens: tokenShelf(storage) };
  const backend = typeof options.backend === 'function' ? options.backend(home) : options.backend;
  const newId = () => uuidV7(platform.clock.now(), platform.random.bytes(10));
  const hold = holdOf(schema, options.hold);
  const identity = await openStore(storage, schema, user, () => newId() as DeviceId);
  await setHold(storage, hold);
  const asks = createFetchAsks();
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
  let read: Pick<Status, 'progress' | 'early' | 'ready' | 'lastSync'> = {
    progress: null,
    early: [],
    ready: false,
    lastSync: null,
  };

  const status = (): Status => {
    const { link, phase } = loop.state();
    return { link, phase, outbox: outbox.counts, ...read };
  };
  // What the app's own listener throws says nothing about a write or an exchange.
  const tell = (records: RecordNews | null = null) => {
    try {
      listener?.({ status: status(), records });
    } catch (error) {
      onFault(error);
    }
  };

  const refresh = async () => {
    await storage.read(async (tx) => {
      outbox = summarize(await entryStates(tx));
      const state = await readReadState(tx);
      read = {
        progress: state.catchUp === null ? null : state.staged,
        early: state.cursor === null ? await readEarly(tx) : [],
        ready: state.cursor !== null,
        lastSync: state.lastSync,
      };
    });
    tell({ kind: 'all', records: outbox.records });
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
      asks,
      stallMs: options.stallMs ?? STALL_MS,
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
    const committed = await storage.write(async (tx) => {
      await refuseNewer(tx, schema);
      const named =
        backend.identity === 'assigned' ? checkIntents(schema, await localIntents(tx, schema, intents)) : checked;
      // Named after its first mutation: chance does not pack, and most transactions have but one.
      let unused: string | null = transaction;
      const nextId = () => {
        const id = unused ?? newId();
        unused = null;
        return id as MutationId;
      };
      const who = {
        transaction,
        user,
        schema: schema.version,
        stamp: await clock.next(tx),
        nowMs: platform.clock.now(),
        priority: writeOptions.priority ?? null,
        nextId,
      };
      return commitWrite(tx, schema, named, who, writeOptions.waitFor);
    });
    const { transaction: made, mutations, touched, appended } = committed;
    if (touched.length === 0) return { transaction: null, mutations: [] };
    loop.trigger('write');
    try {
      const notice = noticeOf(touched);
      platform.notices.post(notice);
      if (appended === null) await refresh();
      else {
        const changed = addPending(outbox, touched);
        outbox = { ...outbox, counts: { ...outbox.counts, pending: outbox.counts.pending + appended } };
        tell(changed.length === 0 ? null : { kind: 'some', records: changed });
      }
      // WR3: this tab's live queries have the change before the writer goes on; other tabs hear of it.
      await live.notify(notice);
    } catch (error) {
      // It is stored: a writer who is told otherwise writes it a second time.
      onFault(error);
    }
    return { transaction: made, mutations };
  };

  const act = async (action: OutboxAction): Promise<ActionResult> => {
    open();
    const acted = await storage.write(async (tx) => {
      await refuseNewer(tx, schema);
      const local = backend.identity === 'assigned' ? await localAction(tx, schema, action) : action;
      return decideEntry(tx, schema, local, async () => ({
        transaction: newId() as TransactionId,
        user,
        schema: schema.version,
        stamp: await clock.next(tx),
        nowMs: platform.clock.now(),
        priority: null,
        nextId: () => newId() as MutationId,
      }));
    });
    if (!acted.done) return acted;
    const { touched, ...result } = acted;
    loop.trigger('write');
    try {
      const notice = noticeOf(touched);
      platform.notices.post(notice);
      await refresh();
      await live.notify(notice);
    } catch (error) {
      onFault(error);
    }
    return result;
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
      tell({ kind: 'all', records: outbox.records });
    },
    outbox: async () => (await storage.read(allEntries)).map(toOutboxEntry),
    act,
    async look(query) {
      open();
      return look(storage, schema, platform.clock.now(), query);
    },
    async fetch(collection, record) {
      open();
      const own = await readVisible(storage, schema, { collection, record });
      if (own !== null) return own;
      const sync = async () => {
        await loop.sync();
        return loop.state().phase;
      };
      return asks.fetch({ collection, record }, sync);
    },
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
    if (collection === '') continue;
    const ids = tables[collection];
    if (ids) ids.push(record);
    else tables[collection] = [record];
  }
  return { tables };
}
