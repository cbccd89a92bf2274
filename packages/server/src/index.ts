/**
 * The sync server: an HTTP handler over a `ServerStore`. `createHandler` answers requests, `serve` runs it
 * under Node; `createExchange` and `handleExchangeText` are the same without HTTP.
 */
export type { Auth, AuthProblem, Session, TokenClaims } from './auth/auth.ts';
export { type JwtAuthOptions, jwtAuth, signToken } from './auth/jwt-auth.ts';
export type { Principal } from './auth/principal.ts';
export {
  type CommandCall,
  type CommandHandler,
  type CommandHandlers,
  type CommandRules,
  type CommandTx,
  commandHandlers,
  type HandlersOf,
  Rejection,
  reject,
  type TypedCommandTx,
} from './commands/command-handler.ts';
export { createExchange, type Exchange, type ExchangeOptions } from './exchange/create-exchange.ts';
export { handleExchangeText, type TextResponse } from './exchange/handle-exchange-text.ts';
export type { RequestProblem } from './exchange/request-problem.ts';
export {
  createHandler,
  type Handler,
  type HandlerOptions,
  type HandlerTuning,
  type Logger,
} from './http/create-handler.ts';
export type { DevUser, DevUsers } from './http/dev-routes.ts';
export type { ImportReport } from './http/import-lines.ts';
export type { MemoryBackup } from './memory/memory-backup.ts';
export {
  type CommittedRecord,
  type MemoryStore,
  type MemoryStoreOptions,
  memoryStore,
} from './memory/memory-store.ts';
export {
  announceServer,
  claimDataFolder,
  type DataFolder,
  type FolderHolder,
  folderHolder,
} from './node/data-folder.ts';
export { type CompactionOptions, type CompactionParts, keepCompacting } from './node/keep-compacting.ts';
export { type RunningServer, type ServeOptions, serve } from './node/serve.ts';
export { type PgliteStoreOptions, pgliteStore } from './sql/pglite-store.ts';
export { type PostgresStoreOptions, postgresStore } from './sql/postgres-store.ts';
export type { AuditEntry, AuditEvent, AuditPage, AuditRequest, StoredAuditEntry } from './store/audit.ts';
export type { BayEntry, BayPage, BayRequest, StoredBayEntry } from './store/bay.ts';
export {
  type AppliedRow,
  type ApplyProblem,
  type Effects,
  type FeedRead,
  type FeedRequest,
  type FeedRow,
  type ImportRow,
  type Loaded,
  type LoadedRecord,
  type LoadRequest,
  type RecordBatch,
  type RecordKey,
  type RecordVersion,
  recordKey,
  type ServerStore,
  type ServerTransaction,
  type StampedChange,
  type StoredApplied,
  type WithoutPosition,
} from './store/server-store.ts';
