/**
 * The device: an encrypted store, an outbox that never loses a write, and sync. How to open one depends
 * on where it runs: `@holdfast/device/node`, or `/browser` in the page and `/worker` in its worker.
 */
export type {
  AppQuery,
  CollectionWriter,
  Device,
  EntryState,
  Observable,
  OutboxEntry,
  QueryBuilder,
  RecordStatus,
  Status,
  SyncPhase,
  WriteOptions,
  WriteReceipt,
  WriteTransaction,
} from './device.ts';
export { createEngine, type EngineOptions } from './engine/create-engine.ts';
export type { Engine, EngineNews } from './engine/engine.ts';
export { createDevice } from './facade/create-device.ts';
export type { OpenOptions, ServerAddress } from './facade/open-options.ts';
export { type HttpBackendOptions, httpBackend, readAnswer } from './link/http-backend.ts';
export type { Backend, ExchangeResult } from './ports/backend.ts';
export type {
  ChangeNotice,
  Clock,
  Locks,
  NoticeBoard,
  Nudges,
  Platform,
  Random,
  StoreFolder,
  Timers,
  Unlock,
} from './ports/platform.ts';
export type { DatabaseKey, ReadTx, SqlRow, SqlValue, StorageDriver, WriteTx } from './ports/storage-driver.ts';
export { type Difference, verify } from './rebase/verify.ts';
export type { SyncOptions } from './sync/sync-loop.ts';
