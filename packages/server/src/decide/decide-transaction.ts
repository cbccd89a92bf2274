import {
  type Collection,
  type ConflictSides,
  type Decision,
  decide,
  type Mutation,
  type MutationId,
  must,
  type Receipt,
  type RecordWrite,
  type Refusal,
  type Scope,
  type Version,
} from '@holdfast/core';
import type { AppliedRow, StampedChange, WithoutPosition } from '../store/server-store.ts';
import type { Answers } from './answers.ts';
import { checkMutation } from './check-mutation.ts';
import { type Deciding, type DeviceTransaction, rowOf, type UnnumberedReceipt } from './decide-context.ts';
import type { WorkingCopy, WorkingRecord } from './working-copy.ts';

/** The answer to one mutation, and the row to keep of it; null where it was stored before, or is not to be. */
export interface MutationAnswer {
  readonly receipt: UnnumberedReceipt;
  readonly store: Omit<AppliedRow, 'receipt'> | null;
}

type Refused = Extract<Decision, { outcome: 'refused' }>;
type Judged = { readonly mutation: Mutation; readonly decision: Decision; readonly version: Version | null };

/**
 * WR4: the mutations of one transaction are decided one upon the other, and answered together: if one
 * is refused all are; else if one conflicts all do; else what they write is taken over into `records`.
 */
export function decideTransaction(
  context: Deciding,
  transaction: DeviceTransaction,
  answers: Answers,
  records: WorkingCopy,
): readonly MutationAnswer[] {
  const repeated = transaction.mutations.map((mutation) => repeatedAnswer(context, mutation, answers));
  if (repeated.some((answer) => answer !== null)) {
    return transaction.mutations.map(
      (mutation, i) => repeated[i] ?? answerOf(context, mutation, refused('transaction', null), null),
    );
  }
  const fork = records.fork();
  const judged = judgeAll(context, transaction, answers, fork);
  const culprit = judged.find(({ decision }) => decision.outcome === 'refused');
  if (culprit !== undefined) {
    return transaction.mutations.map((mutation) =>
      answerOf(
        context,
        mutation,
        mutation === culprit.mutation ? culprit.decision : refused('transaction', null),
        null,
      ),
    );
  }
  if (judged.some(({ decision }) => decision.outcome === 'conflict')) {
    return judged.map(({ mutation, decision }) =>
      answerOf(
        context,
        mutation,
        decision.outcome === 'conflict' ? decision : { outcome: 'conflict', sides: null },
        null,
      ),
    );
  }
  records.adopt(fork);
  return judged.map(({ mutation, decision, version }) => answerOf(context, mutation, decision, version));
}

/** SV1: an id that was answered has its answer; with other content, or from others, it is refused. */
function repeatedAnswer(context: Deciding, mutation: Mutation, answers: Answers): MutationAnswer | null {
  const row = answers.get(mutation.id);
  if (row === undefined) return null;
  const { user } = context.principal;
  const fits =
    row.receipt.outcome === 'discarded' || row.fingerprint === rowOf(mutation, context.device, user).fingerprint;
  if (row.user === user && fits) return { receipt: row.receipt, store: null };
  return { receipt: { id: mutation.id, ...refused('reused', null) }, store: null };
}

/** Stops at the first refusal: what comes after it was made upon it. */
function judgeAll(
  context: Deciding,
  { mutations }: DeviceTransaction,
  answers: Answers,
  records: WorkingCopy,
): readonly Judged[] {
  const judged: Judged[] = [];
  for (const mutation of mutations) {
    const earlier = judged.filter((each) => isSameRecord(each.mutation, mutation));
    const found = judgeOne(context, mutation, earlier, answers, records);
    judged.push(found);
    if (found.decision.outcome === 'refused') break;
  }
  return judged;
}

function judgeOne(
  context: Deciding,
  mutation: Mutation,
  earlier: readonly Judged[],
  answers: Answers,
  records: WorkingCopy,
): Judged {
  const refuse = (reason: Refusal, detail: string | null): Judged => {
    return { mutation, decision: refused(reason, detail), version: null };
  };
  const { schema, principal, device } = context;
  const collection = schema.collections.get(mutation.collection);
  const checked = checkMutation(mutation, collection);
  if (!checked.ok) return refuse('invalid', checked.error);
  const rules = must(collection, 'the collection of a checked mutation');
  const resolution = refusalOfResolution(context, mutation, answers);
  if (resolution !== null) return refuse(resolution, null);

  const mayWrite = rules.writers === null || (principal.role !== null && rules.writers.includes(principal.role));
  const before = records.get(rules.name, mutation.record);
  // Seen before this exchange is enough: who deletes a parent may still delete its children after it.
  const visible =
    before !== null &&
    mutation.kind !== 'create' &&
    (meets(context, records.scopesBefore(rules.name, mutation.record)) ||
      meets(context, records.scopes(rules, before)));
  if (!mayWrite && (visible || mutation.kind === 'create')) return refuse('forbidden', null);
  if (mutation.kind === 'create' && !mayStand(context, rules, checked.value, before, records)) {
    return refuse('forbidden', null);
  }

  const own = answers.versionsOf(mutation.after, mutation, { device, user: principal.user });
  for (const { version } of earlier) if (version !== null) own.add(version);
  const writer = { user: principal.user, authority: principal.role, own, clamp: context.clamp };
  const shown = mutation.kind === 'create' || visible ? (before?.state ?? null) : null;
  const decision = decide(shown, checked.value, rules, writer);

  const write = writeOf(decision, checked.value, before, context);
  if (write.kind === 'none') return { mutation, decision, version: null };
  const version = records.write(rules, mutation.record, write.kind, changesOf(write, mutation.id));
  const after = must(records.get(rules.name, mutation.record), 'the record just written');
  // What came to be upon a deletion changes nothing yet: who brings the record back is asked then.
  const asked = write.kind !== 'delete' && !(decision.outcome === 'conflict' && before?.state.deleted);
  if (asked && !meets(context, records.scopes(rules, after))) return refuse('forbidden', null);
  return { mutation, decision, version };
}

/** A target must be one's own, and neither applied nor resolved by somebody already. */
function refusalOfResolution(context: Deciding, mutation: Mutation, answers: Answers): Refusal | null {
  for (const target of mutation.resolves) {
    if (answers.isForeign(target, context.principal.user)) return 'forbidden';
    const outcome = answers.get(target)?.receipt.outcome;
    if (answers.isFulfilled(target) || outcome === 'discarded') return 'resolved';
  }
  return null;
}

/** SV5 for a create, asked before it is told that the id exists: may its writer see what it would make? */
function mayStand(
  context: Deciding,
  collection: Collection,
  mutation: Mutation,
  before: WorkingRecord | null,
  records: WorkingCopy,
): boolean {
  if (before === null || mutation.kind !== 'create') return true;
  const values = Object.assign({}, ...mutation.set.map((change) => change.values)) as WorkingRecord['state']['values'];
  const state = { ...before.state, values, deleted: null };
  return meets(context, records.scopes(collection, { ...before, state, loadedScopes: null }));
}

/**
 * What the working copy takes over. After a conflict the transaction comes to nothing; but what follows
 * in it was made upon this change, and is judged as if a person had chosen it.
 */
function writeOf(decision: Decision, mutation: Mutation, before: WorkingRecord | null, context: Deciding): RecordWrite {
  if (decision.outcome === 'applied' || decision.outcome === 'merged') return decision.write;
  if (decision.outcome === 'refused' || before === null) return { kind: 'none' };
  if (mutation.kind === 'delete') return { kind: 'delete', stamp: context.clamp(mutation.stamp) };
  const mine = mutation.set.map((change) => ({ values: change.values, stamp: context.clamp(change.stamp) }));
  const { deleted, values } = before.state;
  if (deleted === null) return { kind: 'update', changes: mine };
  return { kind: 'insert', changes: [{ values, stamp: deleted.stamp }, ...mine] };
}

function changesOf(write: Exclude<RecordWrite, { kind: 'none' }>, tie: MutationId): readonly StampedChange[] {
  if (write.kind === 'delete') return [{ values: {}, stamp: write.stamp, tie }];
  return write.changes.map(({ values, stamp }) => ({ values, stamp, tie }));
}

function answerOf(
  context: Deciding,
  mutation: Mutation,
  decision: Decision | { outcome: 'conflict'; sides: ConflictSides | null },
  version: Version | null,
): MutationAnswer {
  const store = { ...rowOf(mutation, context.device, context.principal.user), version };
  return { receipt: receiptOf(mutation.id, decision), store };
}

function receiptOf(
  id: MutationId,
  decision: Decision | { outcome: 'conflict'; sides: ConflictSides | null },
): WithoutPosition<Receipt> {
  switch (decision.outcome) {
    case 'applied':
      return { id, outcome: 'applied' };
    case 'merged':
      return { id, outcome: 'merged', lost: [...decision.lost] };
    case 'conflict':
      return { id, outcome: 'conflict', sides: decision.sides };
    case 'refused':
      return { id, outcome: 'refused', reason: decision.reason, detail: decision.detail };
  }
}

function refused(reason: Refusal, detail: string | null): Refused {
  return { outcome: 'refused', reason, detail };
}

function meets({ allowed }: Deciding, scopes: readonly Scope[]): boolean {
  return scopes.some((scope) => allowed.has(scope));
}

function isSameRecord(a: Mutation, b: Mutation): boolean {
  return a.collection === b.collection && a.record === b.record;
}
