import type { JsonObject } from '@holdfast/core';
import type { AuditEntry, AuditFilter } from '../audit/audit-store.ts';
import type { Overridden } from '../audit/overridden-store.ts';
import type { ActionResult, OutboxAction } from '../bay/choice.ts';
import type { Conflict } from '../bay/conflicts.ts';
import type { OutboxEntry, Status, WriteOptions, WriteReceipt } from '../device.ts';
import type { SqlRow } from '../ports/storage-driver.ts';
import type { LiveSink } from '../query/live-queries.ts';
import type { ReadPlan } from '../query/read-plan.ts';
import type { Difference } from '../rebase/verify.ts';
import type { Intent } from '../write/intent.ts';
import type { RecordNews } from './outbox-summary.ts';

/** What can be asked besides the records, by what it gives. */
export type Look =
  | { readonly about: 'conflicts' }
  | { readonly about: 'audit'; readonly filter: AuditFilter }
  | { readonly about: 'overridden' }
  | { readonly about: 'verify' }
  | { readonly about: 'export'; readonly ids: readonly string[] | null };

interface Answers {
  readonly conflicts: readonly Conflict[];
  readonly audit: readonly AuditEntry[];
  readonly overridden: readonly Overridden[];
  readonly verify: readonly Difference[];
  readonly export: string;
}

export type Looked<Q extends Look> = Answers[Q['about']];

/** What the engine tells whoever shows its state. */
export interface EngineNews {
  readonly status: Status;
  /** Null where no record's status has changed. */
  readonly records: RecordNews | null;
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
  /** Does what a person decided about an entry (OB10, OB11, CF7). */
  act(action: OutboxAction): Promise<ActionResult>;
  /** Looks something up beside the records. */
  look<Q extends Look>(query: Q): Promise<Looked<Q>>;
  /** One record: from this device, or from the server (SY14). */
  fetch(collection: string, record: string): Promise<JsonObject>;
  sync(): Promise<Status>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** The app came to the foreground, or the page heard of a link. */
  nudge(why: 'link' | 'foreground'): Promise<void>;
  close(): Promise<void>;
}
