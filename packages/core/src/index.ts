/**
 * What device and server share, and what an app declares its data with: schema, stamps, versions, the
 * decision who wins, and the wire. Pure: no I/O, no clock, no chance.
 */
export { catalogue, type ErrorCode } from './errors/catalogue.ts';
export { type FieldIssue, HoldfastError, hasCode, InvalidWrite } from './errors/holdfast-error.ts';
export { invariant, must } from './errors/invariant.ts';
export type { Brand } from './ids/brand.ts';
export {
  type DeviceId,
  type MutationId,
  RECORD_ID_PATTERN,
  type RecordId,
  type Scope,
  type TransactionId,
  type UserId,
  UUID_PATTERN,
} from './ids/ids.ts';
export { uuidV7 } from './ids/uuid-v7.ts';
export { decide, type Writer } from './merge/decide.ts';
export type { Decision, Override, RecordWrite, WonChange } from './merge/decision.ts';
export { type FieldMark, markOf, type RecordState } from './merge/record-state.ts';
export { err, ok, type Result } from './result.ts';
export {
  type CollectionDefinition,
  type CollectionRules,
  type CreateInput,
  collection,
  type Fields,
  type Row,
  type UpdateInput,
} from './schema/collection.ts';
export type { Column, ColumnKind } from './schema/column.ts';
export { type CommandArgs, type CommandDefinition, command } from './schema/command.ts';
export { liftMutation, liftRecord } from './schema/lift.ts';
export {
  type ConflictPolicy,
  custom,
  type DeletePolicy,
  lastWriteWins,
  manual,
  type Resolver,
  type ResolverSides,
  serverWins,
} from './schema/policies.ts';
export { ref } from './schema/ref.ts';
export { type Reference, referencesIn } from './schema/references.ts';
export {
  type Collection,
  type Command,
  type CommandDefinitions,
  type Schema,
  schema,
  type Tables,
} from './schema/schema.ts';
export { escapeOf, inherit, type ScopeRule, type ScopeTemplate } from './schema/scope-template.ts';
export { scopesOf } from './schema/scopes-of.ts';
export {
  addField,
  dropCollection,
  dropField,
  type MapValues,
  mapCommand,
  mapFields,
  renameCollection,
  renameField,
  type Step,
  type StepDefinitions,
} from './schema/steps.ts';
export { type IdLookup, translateReferences } from './schema/translate-references.ts';
export { type Checked, validateFields } from './schema/validate.ts';
export { targetsOf, validateArgs } from './schema/validate-args.ts';
export {
  clamp,
  observe,
  STAMP_PATTERN,
  STAMP_ZERO,
  type Stamp,
  stampAfter,
  stampMs,
  stampOf,
  tick,
} from './time/stamp.ts';
export { canonicalJson, sameJson } from './value/canonical-json.ts';
export { isJsonObject, type Json, type JsonObject } from './value/json.ts';
export { normalizeJson } from './value/normalize.ts';
export { holds, type Position, reaches, type Snapshot, snapshotEnd } from './version/snapshot.ts';
export {
  type Epoch,
  laterVersion,
  mintEpoch,
  seenAt,
  VERSION_NONE,
  type Version,
  versionCount,
  versionEpoch,
  versionOf,
} from './version/version.ts';
export { type RecordPrint, recordPrint, ScopeChecksum } from './wire/checksum.ts';
export {
  type CatchUp,
  type Cursor,
  catchUp,
  cursor,
  type ExchangeRequest,
  exchangeRequest,
  WANT_ALL,
} from './wire/exchange-request.ts';
export {
  type ErrorResponse,
  type ExchangeResponse,
  errorResponse,
  exchangeResponse,
  liveNews,
} from './wire/exchange-response.ts';
export { fingerprint } from './wire/fingerprint.ts';
export { limits } from './wire/limits.ts';
export {
  type Change,
  type CommandMutation,
  type CreateMutation,
  type DeleteMutation,
  type DiscardMutation,
  type Mutation,
  mutation,
  type Operation,
  type RecordMutation,
  type RestoreMutation,
  type UpdateMutation,
} from './wire/mutation.ts';
export { type Page, page, type RecordGroup, recordGroup } from './wire/page.ts';
export { type ParseProblem, parseJson } from './wire/parse-json.ts';
export { probeAnswer, probeRequest } from './wire/probe.ts';
export { MEDIA_TYPE, PROTOCOL_VERSION } from './wire/protocol-version.ts';
export {
  type ConflictSides,
  conflictSides,
  type Loss,
  type LossRule,
  type Outcome,
  type OverriddenLater,
  type Receipt,
  type Refusal,
  receipt,
} from './wire/receipt.ts';
