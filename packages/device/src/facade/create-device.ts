import type { Schema } from '@holdfast/core';
import type { AppQuery, Device, Observable, QueryBuilder, RecordStatus, Status } from '../device.ts';
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

/** The typed device over an engine, in this process or behind a worker. */
export async function createDevice<S extends Schema>(
  schema: S,
  engine: Engine,
  newId: () => string,
): Promise<Device<S>> {
  const builder = createQueryBuilder<S>();
  const status = observable<Status>(UNKNOWN);
  const records = observable<ReadonlyMap<string, RecordStatus>>(new Map());
  await engine.listen((news) => {
    status.set(news.status);
    records.set(news.records);
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

  return {
    write: async (work, options = {}) => engine.commit(recordIntents(schema, work, newId), options),
    async query(build) {
      const plan = buildPlan(schema, builder, build);
      const rows = await engine.select(plan);
      return rows.map((row) => decodeRow(row, plan.kinds)) as never;
    },
    live,
    status,
    outbox: { list: () => engine.outbox(), records },
    sync: () => engine.sync(),
    pause: () => void engine.pause(),
    resume: () => void engine.resume(),
    close: () => engine.close(),
  };
}
