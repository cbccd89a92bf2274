import {
  type ConflictSides,
  type Decision,
  decide,
  fingerprint,
  type Json,
  liftMutation,
  type Mutation,
  type MutationId,
  must,
  type Receipt,
  type RecordMutation,
  type RecordWrite,
  type Refusal,
} from '@holdfast/core';
import type { AuditEntry } from '../store/audit.ts';
import type { AppliedRow, RecordVersion, StampedChange, WithoutPosition } from '../store/server-store.ts';
import { isVisible, mayHearOf, mayWrite, meets } from './access.ts';
import type { Answers } from './answers.ts';
import { auditOf } from './audit-of.ts';
import { checkCommand } from './check-command.ts';
import { checkMutation } from './check-mutation.ts';
import {
  type Deciding,
  type DeviceTransaction,
  type KnownRow,
  rowOf,
  takesBack,
  type UnnumberedReceipt,
} from './decide-context.ts';
import { runCommand } from './run-command.ts';
import { safeText } from './safe-text.ts';
import { withoutTheirs } from './without-theirs.ts';
import type { WorkingCopy, WorkingRecord } from './working-copy.ts';

/** The answer to one mutation, and the row to keep of it; null where it was stored before, or is not to be. */
export interface MutationAnswer {
  readonly receipt: UnnumberedReceipt;
  readonly store: Omit<AppliedRow, 'receipt'> | null;
  /** What a command's handler threw; null for all others. */
  readonly fault: unknown;
  readonly audit: readonly AuditEntry[];
}

/** How a mutation is answered, with what only the server knows of it. */
type Answered =
  | Decision
  | { readonly outcome: 'applied'; readonly write: RecordWrite; readonly result: Json | undefined }
  | { readonly outcome: 'conflict'; readonly sides: ConflictSides | null }
  | { readonly outcome: 'discarded' };
type Refused = Extract<Decision, { outcome: 'refused' }>;
interface Judged {
  readonly mutation: Mutation;
  readonly decision: Answered;
  /** The versions it makes, of whichever records. */
  readonly versions: readonly RecordVersion[];
  readonly fault: unknown;
}

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
  const { mutations } = transaction;
  const repeated = mutations.map((mutation) => repeatedAnswer(context, mutation, answers, records));
  if (mutations.every(takesBack)) {
    return mutations.map((mutation, i) => repeated[i] ?? answerOf(context, mutation, { outcome: 'discarded' }));
  }
  if (repeated.some((answer) => answer !== null)) {
    return mutations.map((mutation, i) => repeated[i] ?? answerOf(context, mutation, refused('transaction', null)));
  }
  const fork = records.fork();
  const judged = judgeAll(context, transaction, answers, fork);
  const culprit = judged.find(({ decision }) => decision.outcome === 'refused');
  if (culprit !== undefined) {
    return mutations.map((mutation) => {
      if (mutation !== culprit.mutation) return answerOf(context, mutation, refused('transaction', null));
      return { ...answerOf(context, mutation, culprit.decision), fault: culprit.fault };
    });
  }
  if (judged.some(({ decision }) => decision.outcome === 'conflict')) {
    return judged.map(({ mutation, decision }) =>
      answerOf(context, mutation, decision.outcome === 'conflict' ? decision : { outcome: 'conflict', sides: null }),
    );
  }
  records.adopt(fork);
  return judged.map(({ mutation, decision, versions }) => answerOf(context, mutation, decision, versions));
}

/** SV1: an id that was answered has its answer; with other content, or from others, it is refused. */
function repeatedAnswer(
  context: Deciding,
  mutation: Mutation,
  answers: Answers,
  records: WorkingCopy,
): MutationAnswer | null {
  const row = answers.get(mutation.id);
  if (row === undefined) return null;
  const again = { store: null, fault: null, audit: [] };
  const { user } = context.principal;
  const fits = takesBack(mutation) || row.receipt.outcome === 'discarded' || row.fingerprint === fingerprint(mutation);
  if (row.user !== user || !fits) return { receipt: { id: mutation.id, ...refused('reused', null) }, ...again };
  return { receipt: isStillShown(context, row, records) ? row.receipt : withoutTheirs(row.receipt), ...again };
}

/** SV5: may who was answered then see the record now? */
function isStillShown(context: Deciding, { collection, record }: KnownRow, records: WorkingCopy): boolean {
  const rules = context.schema.collections.get(collection);
  const found = rules === undefined ? null : records.get(collection, record);
  return rules !== undefined && found !== null && isVisible(context, rules, found, records);
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
    const found = judgeOne(context, mutation, judged, answers, records);
    judged.push(found);
    if (found.decision.outcome === 'refused') break;
  }
  return judged;
}

/** CF12: a copy is brought to the schema of the day and judged; what is answered is what was sent. */
function judgeOne(
  context: Deciding,
  sent: Mutation,
  earlier: readonly Judged[],
  answers: Answers,
  records: WorkingCopy,
): Judged {
  const lifted = liftMutation(context.schema, sent);
  if (!lifted.ok) return refuse(sent, 'schema', safeText(lifted.error));
  const judged = judgeLifted(context, lifted.value, earlier, answers, records);
  const { decision } = judged;
  if (lifted.value === sent || decision.outcome !== 'refused' || decision.reason !== 'invalid') {
    return { ...judged, mutation: sent };
  }
  // It fitted the schema it was made under: what is missing is a step.
  return refuse(sent, 'schema', decision.detail);
}

function judgeLifted(
  context: Deciding,
  mutation: Mutation,
  earlier: readonly Judged[],
  answers: Answers,
  records: WorkingCopy,
): Judged {
  if (mutation.resolves.includes(mutation.id)) return refuse(mutation, 'invalid', 'a mutation cannot resolve itself');
  switch (mutation.kind) {
    case 'discard':
      return judgeDiscard(mutation, answers);
    case 'command':
      return judgeCommand(context, mutation, answers, records);
    default:
      return judgeRecordMutation(context, mutation, earlier, answers, records);
  }
}

function refuse(mutation: Mutation, reason: Refusal, detail: string | null): Judged {
  return { mutation, decision: refused(reason, detail), versions: [], fault: null };
}

/** OB10: stands for answered work without changing anything. */
function judgeDiscard(mutation: Mutation, answers: Answers): Judged {
  if (takesBack(mutation)) return refuse(mutation, 'invalid', 'a transaction is taken back as a whole');
  const resolution = refusalOfResolution(mutation, answers);
  if (resolution !== null) return refuse(mutation, resolution, null);
  return { mutation, decision: { outcome: 'applied', write: { kind: 'none' } }, versions: [], fault: null };
}

function judgeCommand(
  context: Deciding,
  mutation: Extract<Mutation, { kind: 'command' }>,
  answers: Answers,
  records: WorkingCopy,
): Judged {
  const checked = checkCommand(mutation, context.schema);
  if (!checked.ok) return refuse(mutation, 'invalid', checked.error);
  const resolution = refusalOfResolution(mutation, answers);
  if (resolution !== null) return refuse(mutation, resolution, null);
  const rules = must(context.commands.get(mutation.name), `the handler of ${mutation.name}`);
  const ran = runCommand(context, checked.value, rules, records);
  if (ran.outcome === 'refused') return { ...refuse(mutation, ran.reason, ran.detail), fault: ran.fault };
  const { result, versions } = ran;
  return { mutation, decision: { outcome: 'applied', write: { kind: 'none' }, result }, versions, fault: null };
}

function judgeRecordMutation(
  context: Deciding,
  mutation: RecordMutation,
  earlier: readonly Judged[],
  answers: Answers,
  records: WorkingCopy,
): Judged {
  const { schema, principal, device } = context;
  const collection = schema.collections.get(mutation.collection);
  const checked = checkMutation(mutation, collection);
  if (!checked.ok) return refuse(mutation, 'invalid', checked.error);
  const rules = must(collection, 'the collection of a checked mutation');
  const resolution = refusalOfResolution(mutation, answers);
  if (resolution !== null) return refuse(mutation, resolution, null);

  const before = records.get(rules.name, mutation.record);
  const creates = mutation.kind === 'create';
  const visible = !creates && before !== null && isVisible(context, rules, before, records);
  if ((visible || creates) && !mayWrite(context, rules)) return refuse(mutation, 'forbidden', null);
  // Asked before it is told that the id exists.
  if (before !== null && checked.value.kind === 'create') {
    const made = Object.assign(
      {},
      ...checked.value.set.map(({ values }) => values),
    ) as WorkingRecord['state']['values'];
    if (!mayHearOf(context, rules, made, before, records)) return refuse(mutation, 'forbidden', null);
  }

  const own = answers.versionsOf(mutation.after, mutation, { device, user: principal.user });
  for (const each of earlier.flatMap(({ versions }) => versions)) {
    if (each.collection === mutation.collection && each.record === mutation.record) own.add(each.version);
  }
  const writer = { user: principal.user, authority: principal.role, own, clamp: context.clamp };
  const shown = creates || visible ? (before?.state ?? null) : null;
  const decision = decide(shown, checked.value, rules, writer);

  const write = writeOf(decision, checked.value, before, context);
  if (write.kind === 'none') return { mutation, decision, versions: [], fault: null };
  const version = records.write(rules, mutation.record, write.kind, changesOf(write, mutation.id));
  const after = must(records.get(rules.name, mutation.record), 'the record just written');
  // What came to be upon a deletion changes nothing yet: who brings the record back is asked then.
  const asked = write.kind !== 'delete' && !(decision.outcome === 'conflict' && before?.state.deleted);
  if (asked && !meets(context, records.scopes(rules, after))) return refuse(mutation, 'forbidden', null);
  const versions = [{ collection: rules.name, record: mutation.record, version }];
  return { mutation, decision, versions, fault: null };
}

/** A target must be one's own, and neither applied nor resolved by somebody already. */
function refusalOfResolution(mutation: Mutation, answers: Answers): Refusal | null {
  for (const target of mutation.resolves) {
    if (answers.isForeign(target)) return 'forbidden';
    // Taken back under its own id is not resolved: in a new epoch the original goes first, as a discard (SY11).
    if (answers.isFulfilled(target)) return 'resolved';
  }
  return null;
}

/**
 * What the working copy takes over. After a conflict the transaction comes to nothing; but what follows
 * in it was made upon this change, and is judged as if a person had chosen it.
 */
function writeOf(
  decision: Decision,
  mutation: RecordMutation,
  before: WorkingRecord | null,
  context: Deciding,
): RecordWrite {
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
  decision: Answered,
  versions: readonly RecordVersion[] = [],
): MutationAnswer {
  const isCommand = mutation.kind === 'command';
  const store = {
    ...rowOf(context, mutation),
    version: isCommand ? null : (versions[0]?.version ?? null),
    touched: isCommand ? versions : [],
  };
  return { receipt: receiptOf(mutation.id, decision), store, fault: null, audit: auditOf(context, mutation, decision) };
}

function receiptOf(id: MutationId, decision: Answered): WithoutPosition<Receipt> {
  switch (decision.outcome) {
    case 'applied':
      return 'result' in decision && decision.result !== undefined
        ? { id, outcome: 'applied', result: decision.result }
        : { id, outcome: 'applied' };
    case 'merged':
      return { id, outcome: 'merged', lost: [...decision.lost] };
    case 'conflict':
      return { id, outcome: 'conflict', sides: decision.sides };
    case 'refused':
      return { id, outcome: 'refused', reason: decision.reason, detail: decision.detail };
    case 'discarded':
      return { id, outcome: 'discarded' };
  }
}

function refused(reason: Refusal, detail: string | null): Refused {
  return { outcome: 'refused', reason, detail };
}
