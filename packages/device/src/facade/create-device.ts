import { invariant, type Schema } from '@holdfast/core';
import type { OutboxAction } from '../bay/choice.ts';
import type {
  AppQuery,
  Device,
  Observable,
  QueryBuilder,
  RecordStatus,
  Status,
  WriteHooks,
  WriteReceipt,
} from '../device.ts';
import type { Engine } from '../engine/engine.ts';
import { EMPTY_COUNTS } from '../engine/outbox-summary.ts';
import { decodeRow, type LiveRows, nextRows } from '../query/decode-rows.ts';
import { buildPlan, createQueryBuilder } from './build-query.ts';
import { recordIntents } from './record-intents.ts';

const UNKNOWN: Status = {
  link: 'unknown',
  phase: { at: 'idle' },
  outbox: EMPTY_COUNTS,
  progress: null,
  early: [],
  ready: false,
  lastSync: null,
};

interface Settable<T> extends Observable<T> {
  set(value: T): void;
}

function observable<T>(start: T): Settable<T> {
  let value = start;
  const listeners = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      value = next;
      const failures: unknown[] = [];
      for (const listener of [...listeners]) {
        try {
          listener();
        } catch (error) {
          failures.push(error);
        }
      }
      if (failures.length > 0) throw failures[0];
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Another object that reads the same entries: who compares objects sees that something has changed. */
function viewOf<K, V>(map: ReadonlyMap<K, V>): ReadonlyMap<K, V> {
  return {
    get size() {
      return map.size;
    },
    get: (key) => map.get(key),
    has: (key) => map.has(key),
    forEach: (work) => map.forEach(work),
    entries: () => map.entries(),
    keys: () => map.keys(),
    values: () => map.values(),
    [Symbol.iterator]: () => map[Symbol.iterator](),
  };
}

/** The typed device over an engine, in this process or behind a worker. */
export async function createDevice<S extends Schema>(
  schema: S,
  engine: Engine,
  newId: () => string,
  hooks: WriteHooks = {},
  onFault: (error: unknown) => void = () => {},
): Promise<Device<S>> {
  const builder = createQueryBuilder<S>();
  const status = observable<Status>(UNKNOWN);
  let held = new Map<string, RecordStatus>();
  const records = observable<ReadonlyMap<string, RecordStatus>>(held);
  await engine.listen((news) => {
    if (news.records?.kind === 'all') held = new Map(news.records.records);
    else for (const [address, state] of news.records?.records ?? []) held.set(address, state);
    status.set(news.status);
    // A new view of the same statuses: copying thousands of them with each write is felt.
    if (news.records !== null) records.set(viewOf(held));
  });

  const live = <Row>(
    build: (db: QueryBuilder<S>) => AppQuery<Row>,
    onRows: (rows: readonly Row[]) => void,
    onError?: (error: unknown) => void,
  ): (() => void) => {
    const plan = buildPlan(schema, builder, build);
    let last: LiveRows | null = null;
    let stopped = false;
    const watch = engine.watch(plan, {
      onRows(raw) {
        if (stopped) return;
        const next = nextRows(last, raw, plan.kinds);
        if (next === last) return;
        last = next;
        onRows(next.rows as readonly Row[]);
      },
      onError: (error) => onError?.(error),
    });
    watch.catch((error: unknown) => onError?.(error));
    return () => {
      stopped = true;
      watch.then((number) => engine.unwatch(number)).catch(() => undefined);
    };
  };

  const again = async (action: OutboxAction): Promise<WriteReceipt> => {
    const result = await engine.act(action);
    invariant(result.done, 'only a discard asks about dependants');
    return { transaction: result.transaction, mutations: result.mutations };
  };

  return {
    async write(work, options = {}) {
      const intents = recordIntents(schema, work, newId);
      await hooks.beforeWrite?.(intents);
      const receipt = await engine.commit(intents, options);
      try {
        await hooks.afterWrite?.(receipt);
      } catch (error) {
        // It is stored: a writer who is told otherwise writes it a second time.
        onFault(error);
      }
      return receipt;
    },
    async query(build) {
      const plan = buildPlan(schema, builder, build);
      const rows = await engine.select(plan);
      return rows.map((row) => decodeRow(row, plan.kinds)) as never;
    },
    live,
    status,
    outbox: {
      list: () => engine.outbox(),
      records,
      resend: (id) => again({ kind: 'resend', id }),
      edit: (id, values) => again({ kind: 'edit', id, values }),
      async discard(id, { withDependants = false } = {}) {
        const result = await engine.act({ kind: 'discard', id, withDependants });
        if (result.done) return { done: true };
        const listed = new Set<string>(result.dependants);
        return { done: false, dependants: (await engine.outbox()).filter((entry) => listed.has(entry.id)) };
      },
      export: (ids) => engine.look({ about: 'export', ids: ids ?? null }),
    },
    conflicts: {
      list: () => engine.look({ about: 'conflicts' }),
      resolve: (id, choices) => again({ kind: 'resolve', id, choices }),
    },
    verify: () => engine.look({ about: 'verify' }),
    audit: (filter) => engine.look({ about: 'audit', filter }),
    overridden: {
      list: () => engine.look({ about: 'overridden' }),
      seen: async (collection, record) => void (await engine.act({ kind: 'seen', collection, record })),
    },
    fetch: async (collection, id) => ({ id, ...(await engine.fetch(collection, id)) }) as never,
    sync: () => engine.sync(),
    pause: () => void engine.pause(),
    resume: () => void engine.resume(),
    close: () => engine.close(),
  };
}
