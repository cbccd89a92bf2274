import type { DeviceId, MutationId, Position, Receipt, TransactionId, UserId } from '@holdfast/core';
import type { AppliedRow, RecordVersion, StoredApplied } from '../store/server-store.ts';
import { type Epochs, versionFrom } from './mark-codec.ts';

/** What of a receipt is forgotten once it is acknowledged. */
type Body = { lost?: unknown; sides?: unknown; detail?: unknown; result?: unknown };

/** A row of `hf_applied` as JSON. */
export interface AppliedJson {
  readonly id: string;
  readonly transaction: string;
  readonly device: string;
  readonly user_id: string;
  readonly fingerprint: string;
  readonly collection: string;
  readonly record: string;
  readonly count: number | null;
  readonly epoch: number | null;
  readonly touched: readonly RecordVersion[] | null;
  readonly resolves: readonly string[] | null;
  readonly outcome: string;
  readonly reason: string | null;
  readonly body: Body | null;
  readonly xid: string;
}

/** A receipt in columns: its outcome and reason stay for ever, its body does not. */
export function receiptColumns(receipt: AppliedRow['receipt']): Pick<AppliedJson, 'outcome' | 'reason' | 'body'> {
  const { outcome } = receipt;
  switch (outcome) {
    case 'merged':
      return { outcome, reason: null, body: { lost: receipt.lost } };
    case 'conflict':
      return { outcome, reason: null, body: { sides: receipt.sides } };
    case 'refused':
      return { outcome, reason: receipt.reason, body: receipt.detail === null ? null : { detail: receipt.detail } };
    case 'applied':
      return { outcome, reason: null, body: receipt.result === undefined ? null : { result: receipt.result } };
    case 'discarded':
      return { outcome, reason: null, body: null };
  }
}

// Validated when it was written: `hf_applied` is ours alone.
export function receiptFrom(row: AppliedJson): Receipt {
  const common = { id: row.id, position: row.xid };
  const own = () => {
    switch (row.outcome) {
      case 'merged':
        return { lost: row.body?.lost ?? [] };
      case 'conflict':
        return { sides: row.body?.sides ?? null };
      case 'refused':
        return { reason: row.reason, detail: row.body?.detail ?? null };
      default:
        return row.body !== null && 'result' in row.body ? { result: row.body.result } : {};
    }
  };
  return { outcome: row.outcome, ...common, ...own() } as Receipt;
}

export function appliedFrom(row: AppliedJson, epochs: Epochs): StoredApplied {
  return {
    id: row.id as MutationId,
    transaction: row.transaction as TransactionId,
    device: row.device as DeviceId,
    user: row.user_id as UserId,
    fingerprint: row.fingerprint,
    collection: row.collection,
    record: row.record,
    version: row.count === null || row.epoch === null ? null : versionFrom(row.count, row.epoch, epochs),
    touched: row.touched ?? [],
    resolves: (row.resolves ?? []) as readonly MutationId[],
    position: row.xid as Position,
    receipt: receiptFrom(row),
  };
}

/** The columns above of `row`, an alias, as one JSON object. */
export function appliedAsJson(row: string): string {
  const columns = ['id', 'transaction', 'device', 'user_id', 'fingerprint', 'collection', 'record', 'count', 'epoch'];
  const more = ['touched', 'resolves', 'outcome', 'reason', 'body'];
  const list = [...columns, ...more].map((column) => `'${column}', ${row}.${column}`);
  return `json_build_object(${list.join(', ')}, 'xid', ${row}.xid::text)`;
}
