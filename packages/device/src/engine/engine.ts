import type { OutboxEntry, RecordStatus, Status, WriteOptions, WriteReceipt } from '../device.ts';
import type { SqlRow } from '../ports/storage-driver.ts';
import type { LiveSink } from '../query/live-queries.ts';
import type { ReadPlan } from '../query/read-plan.ts';
import type { Intent } from '../write/intent.ts';

/** What the engine tells whoever shows its state; always the whole of it. */
export interface EngineNews {
  readonly status: Status;
  readonly records: ReadonlyMap<string, RecordStatus>;
}

/**
 * The engine as plain data in and out: the same in this process and behind a worker. The typed `Device`
 * is a facade over it.
 */
export interface Engine {
  commit(intents: readonly Intent[], options: WriteOptions): Promise<WriteReceipt>;
  select(plan: ReadPlan): Promise<readonly SqlRow[]>;
  /** Gives a number to `unwatch` with. */
  watch(plan: ReadPlan, sink: LiveSink): Promise<number>;
  unwatch(watch: number): Promise<void>;
  /** Calls back now and at every change. One listener at a time. */
  listen(listener: (news: EngineNews) => void): Promise<void>;
  outbox(): Promise<readonly OutboxEntry[]>;
  sync(): Promise<Status>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** The app came to the foreground, or the page heard of a link. */
  nudge(why: 'link' | 'foreground'): Promise<void>;
  close(): Promise<void>;
}
