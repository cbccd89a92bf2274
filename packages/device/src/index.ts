/**
 * The device: an encrypted store, an outbox that never loses a write, and sync. How to open one depends
 * on where it runs: `@holdfast/device/node`, or `/browser` in the page and `/worker` in its worker.
 */
export type { AuditEntry, AuditFilter, AuditKind } from './audit/audit-store.ts';
export type { Overridden } from './audit/overridden-store.ts';
export type { ConflictChoice, FieldChoice } from './bay/choice.ts';
export type { Conflict, ConflictEntry } from './bay/conflicts.ts';
export type {
  AppQuery,
  CollectionWriter,
  Device,
  Discarding,
  EntryState,
  Observable,
  OutboxEntry,
  QueryBuilder,
  RecordStatus,
  Status,
  SyncPhase,
  WriteHooks,
  WriteOptions,
  WriteReceipt,
  WriteTransaction,
} from './device.ts';
export { createEngine, type EngineOptions } from './engine/create-engine.ts';
export type { Engine, EngineNews } from './engine/engine.ts';
export { createDevice } from './facade/create-device.ts';
export type { OpenOptions, ServerAddress } from './facade/open-options.ts';
export type { HoldOption } from './hold/hold.ts';
export { translateMutation } from './identity/translate-mutation.ts';
export type { AnswerClass, AnswerClasses } from './link/answer-class.ts';
export { type HttpBackendOptions, httpBackend } from './link/http-backend.ts';
export { readAnswer } from './link/read-answer.ts';
export type { TokenSupplier } from './link/tokens.ts';
export type {
  Backend,
  BackendHome,
  ExchangeCall,
  ExchangeResult,
  IdentityContext,
  IdentityNews,
  RecordMapping,
} from './ports/backend.ts';
export type {
  ChangeNotice,
  Clock,
  LinkTraits,
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
export type { Intent } from './write/intent.ts';
