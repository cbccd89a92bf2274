import type { Mutation, MutationId, TransactionId } from '@holdfast/core';
import type { AuditEntry } from '../store/audit.ts';
import type { BayEntry } from '../store/bay.ts';
import type { AppliedRow, Effects } from '../store/server-store.ts';
import { Answers } from './answers.ts';
import { aboutTarget, auditOf } from './audit-of.ts';
import { batchesOf } from './batches-of.ts';
import { bayEntryOf } from './bay-entry-of.ts';
import {
  type DecideContext,
  type DeviceTransaction,
  type Known,
  rowOf,
  takesBack,
  type UnnumberedReceipt,
} from './decide-context.ts';
import { decideTransaction, type MutationAnswer } from './decide-transaction.ts';
import { safeText } from './safe-text.ts';
import { WorkingCopy } from './working-copy.ts';

export interface Decided {
  /** In the order of the message. Those with a position were stored before. */
  readonly receipts: readonly UnnumberedReceipt[];
  readonly held: readonly MutationId[];
  readonly effects: Effects;
  /** What handlers of commands threw: a fault of the app's, for the server's log. */
  readonly faults: readonly unknown[];
  /** What is known once the effects are written. */
  readonly after: () => Known;
}

/**
 * Bytes of conflicts' sides, losses and results in one answer, after which the rest is held: one record can
 * stand in all.
 */
const SIDES_BYTES = 4 * 1024 * 1024;

/** Groups a message's mutations by transaction, in the order of the message. */
export function transactionsIn(mutations: readonly Mutation[]): DeviceTransaction[] {
  const groups = new Map<TransactionId, Mutation[]>();
  for (const mutation of mutations) {
    const group = groups.get(mutation.transaction);
    if (group === undefined) groups.set(mutation.transaction, [mutation]);
    else group.push(mutation);
  }
  return [...groups].map(([id, members]) => ({ id, mutations: members }));
}

/**
 * Answers the mutations of one exchange on what was loaded under lock. A transaction is decided once
 * everything outside it that it comes after is answered, and what it needs has taken effect; those
 * whose time does not come in this message are held, without a trace (OB1). Pure.
 */
export function decideExchange(
  context: DecideContext,
  known: Known,
  transactions: readonly DeviceTransaction[],
): Decided {
  const answers = new Answers(context.principal.user, known.applied.values());
  const { schema, epoch, principal } = context;
  const deciding = { ...context, allowed: new Set(principal.scopes) };
  const author = { epoch, by: principal.user, authority: principal.role };
  const records = new WorkingCopy(schema, author, known.records);
  const fresh: AppliedRow[] = [];
  const faults: unknown[] = [];
  const audit: AuditEntry[] = [];
  const bay: BayEntry[] = [];
  const decided = new Map<DeviceTransaction, readonly MutationAnswer[]>();
  let waiting = transactions;
  let sidesBytes = 0;
  for (;;) {
    const left: DeviceTransaction[] = [];
    for (const transaction of waiting) {
      if (sidesBytes > SIDES_BYTES || !isReady(transaction, answers)) {
        left.push(transaction);
        continue;
      }
      const result = decideTransaction(deciding, transaction, answers, records);
      for (const { receipt, store, fault, ...each } of result) {
        audit.push(
          ...each.audit.map((entry) =>
            aboutTarget(entry, entry.target === null ? undefined : answers.get(entry.target)),
          ),
        );
        if (hasBody(receipt)) sidesBytes += JSON.stringify(receipt).length;
        if (fault !== null) faults.push(fault);
        if (store === null) continue;
        const row = { ...store, receipt };
        fresh.push(row);
        answers.add(row);
      }
      for (const row of discardsOf(result, answers)) {
        fresh.push(row);
        answers.add(row);
      }
      const kept = bayEntryOf(context, transaction, result);
      if (kept !== null) bay.push(kept);
      decided.set(transaction, result);
    }
    if (left.length === waiting.length) break;
    waiting = left;
  }
  return {
    receipts: transactions.flatMap((each) => (decided.get(each) ?? []).map(({ receipt }) => receipt)),
    held: waiting.flatMap(({ mutations }) => mutations.map(({ id }) => id)),
    effects: {
      batches: batchesOf(schema, records.written()),
      applied: fresh,
      audit,
      bay,
      at: context.now,
      by: principal.user,
      authority: principal.role,
    },
    faults,
    after: () => ({
      applied: new Map([...answers.rows()].map((row) => [row.id, row])),
      records: records.loadedAgain(),
    }),
  };
}

/**
 * Refuses a transaction that the database would not take: it was decided and applied alone, and `detail`
 * is what came of it. Final, so that it can be seen and mended instead of being tried for ever.
 */
export function refuseTransaction(context: DecideContext, transaction: DeviceTransaction, detail: string): Effects {
  const { principal, now } = context;
  const deciding = { ...context, allowed: new Set(principal.scopes) };
  const result = transaction.mutations.map((mutation): MutationAnswer => {
    const refused = { outcome: 'refused', reason: 'invalid', detail: safeText(detail) } as const;
    const store = { ...rowOf(context, mutation), version: null, touched: [] };
    const audit = auditOf(deciding, mutation, refused);
    return { receipt: { id: mutation.id, ...refused }, store, fault: null, audit };
  });
  const kept = bayEntryOf(context, transaction, result);
  return {
    batches: [],
    applied: result.flatMap(({ store, receipt }) => (store === null ? [] : [{ ...store, receipt }])),
    audit: result.flatMap(({ audit }) => audit),
    bay: kept === null ? [] : [kept],
    at: now,
    by: principal.user,
    authority: principal.role,
  };
}

function hasBody({ outcome, ...body }: UnnumberedReceipt): boolean {
  return outcome === 'conflict' || outcome === 'merged' || 'result' in body;
}

/**
 * A transaction that was answered before is never held: its answer is final. Nor is one that takes back:
 * what it takes back changes nothing, whatever that waits for.
 */
function isReady({ mutations }: DeviceTransaction, answers: Answers): boolean {
  if (mutations.some(({ id }) => answers.isAnswered(id)) || mutations.every(takesBack)) return true;
  const own = new Set(mutations.map(({ id }) => id));
  return mutations.every(
    ({ after, needs }) =>
      after.every((id) => own.has(id) || answers.isAnswered(id)) &&
      needs.every((id) => own.has(id) || answers.isFulfilled(id)),
  );
}

/** OB11: what an applied resolution stands for and what had no answer is answered by it. */
function discardsOf(result: readonly MutationAnswer[], answers: Answers): AppliedRow[] {
  const rows = new Map<MutationId, AppliedRow>();
  for (const { receipt, store } of result) {
    if (store === null || (receipt.outcome !== 'applied' && receipt.outcome !== 'merged')) continue;
    for (const id of store.resolves) {
      if (answers.isAnswered(id)) continue;
      rows.set(id, {
        ...store,
        id,
        version: null,
        touched: [],
        fingerprint: '',
        resolves: [],
        receipt: { id, outcome: 'discarded' },
      });
    }
  }
  return [...rows.values()];
}
