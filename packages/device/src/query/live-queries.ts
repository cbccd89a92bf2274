import type { ChangeNotice } from '../ports/platform.ts';
import type { SqlRow } from '../ports/storage-driver.ts';
import type { ReadPlan } from './read-plan.ts';

export interface LiveSink {
  /** Awaited, so that a write resolves only when its tab has the rows it changed (WR3). */
  onRows(rows: readonly SqlRow[]): void | Promise<void>;
  onError(error: unknown): void | Promise<void>;
}

interface LiveQuery {
  readonly plan: ReadPlan;
  readonly sink: LiveSink;
  /** A run under way; a commit during it asks for another one after it. */
  running: Promise<void> | null;
  again: boolean;
}

export interface LiveQueries {
  add(plan: ReadPlan, sink: LiveSink): () => void;
  /** Reruns what reads a table of the notice; resolves when every sink has its rows. */
  notify(notice: ChangeNotice): Promise<void>;
  clear(): void;
}

/** Keeps live queries up to date: each reruns only when a commit touched a table it reads. */
export function createLiveQueries(
  select: (plan: ReadPlan) => Promise<readonly SqlRow[]>,
  onFault: (error: unknown) => void,
): LiveQueries {
  const queries = new Set<LiveQuery>();

  const tellOf = async (query: LiveQuery, error: unknown) => {
    try {
      await query.sink.onError(error);
    } catch (second) {
      onFault(second);
    }
  };

  const runOnce = async (query: LiveQuery) => {
    try {
      const rows = await select(query.plan);
      if (queries.has(query)) await query.sink.onRows(rows);
    } catch (error) {
      if (queries.has(query)) await tellOf(query, error);
    }
  };

  const run = (query: LiveQuery): Promise<void> => {
    if (query.running !== null) {
      query.again = true;
      return query.running;
    }
    query.running = (async () => {
      do {
        query.again = false;
        await runOnce(query);
      } while (query.again && queries.has(query));
      query.running = null;
    })();
    return query.running;
  };

  return {
    add(plan, sink) {
      const query: LiveQuery = { plan, sink, running: null, again: false };
      queries.add(query);
      void run(query);
      return () => queries.delete(query);
    },
    async notify(notice) {
      const touched = [...queries].filter(
        ({ plan }) => plan.tables.includes('*') || plan.tables.some((table) => Object.hasOwn(notice.tables, table)),
      );
      await Promise.all(touched.map(run));
    },
    clear: () => queries.clear(),
  };
}
