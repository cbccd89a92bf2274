/**
 * The sync server: an HTTP handler over a `ServerStore`. `createHandler` answers requests, `serve` runs it
 * under Node; `createExchange` and `handleExchangeText` are the same without HTTP.
 */
export type { Principal } from './auth/principal.ts';
export { createExchange, type Exchange, type ExchangeOptions } from './exchange/create-exchange.ts';
export { handleExchangeText, type TextResponse } from './exchange/handle-exchange-text.ts';
export type { RequestProblem } from './exchange/request-problem.ts';
export { type MemoryStoreOptions, memoryStore } from './memory/memory-store.ts';
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
  recordKey,
  type ServerStore,
  type ServerTransaction,
  type StampedChange,
  type StoredApplied,
  type WithoutPosition,
} from './store/server-store.ts';
