import {
  type FieldIssue,
  InvalidWrite,
  type JsonObject,
  type MutationId,
  type Reference,
  type Schema,
  type TransactionId,
  targetsOf,
  validateArgs,
  validateFields,
} from '@holdfast/core';
import { type AuditKind, appendAudit } from '../audit/audit-store.ts';
import { type Entry, type NewEntry, setOf } from '../outbox/entry.ts';
import { moved } from '../outbox/entry-state.ts';
import { answerOf, isLiveState, waitersOf } from '../outbox/liveness.ts';
import {
  allEntries,
  appendEntry,
  commandsOn,
  moveToEnd,
  type RecordAddress,
  referringTo,
  setStates,
} from '../outbox/outbox-store.ts';
import { referencesInValues } from '../outbox/references-of.ts';
import { restate } from '../outbox/restate.ts';
import type { ReadTx, WriteTx } from '../ports/storage-driver.ts';
import { rebaseRecords } from '../rebase/rebase-records.ts';
import { addressOf, basesOf, type WriteIdentity } from '../write/plan-write.ts';
import { againContent, decidedFields } from './again-content.ts';
import type { Again } from './choice.ts';
import { readConfirmed } from './confirmed.ts';

/** What became of a transaction that was set aside. */
export interface SentAgain {
  readonly transaction: TransactionId;
  readonly mutations: readonly MutationId[];
  readonly touched: readonly RecordAddress[];
}

/**
 * OB10: makes a new transaction of one that stands aside. It names what it resolves and takes its place in all
 * that waits for it; that comes after it from now on. With nothing left of it, it is a discard that says so.
 *
 * @throws InvalidWrite where values do not fit the schema, or refer to something that itself waits for this
 */
export async function sendAgain(
  tx: WriteTx,
  schema: Schema,
  originals: readonly { readonly entry: Entry; readonly again: Again }[],
  what: AuditKind,
  who: WriteIdentity,
): Promise<SentAgain> {
  const entries = await allEntries(tx);
  const ids = new Set(originals.map(({ entry }) => entry.id));
  const waiting = waitersOf(entries, ids);
  const plan = await planAgain(tx, schema, originals, entries, waiting, who);
  const resolvedBy = assignTargets(
    originals.map(({ entry }) => entry),
    plan,
  );
  for (const { entry, refersTo } of plan) {
    const resolves = [...resolvedBy].flatMap(([id, by]) => (by === entry.id ? [id] : []));
    await appendEntry(tx, { ...entry, resolves }, refersTo);
  }
  for (const entry of entries) {
    const by = resolvedBy.get(entry.id);
    if (by === undefined) continue;
    await setStates(tx, [moved(entry, { at: 'resolving', by, receipt: answerOf(entry.state) })]);
    if (ids.has(entry.id)) await appendAudit(tx, what, entry, { by, content: entry.content }, who.nowMs);
  }
  // What moves to the end was stamped earlier: the clock keeps the latest stamp.
  await tx.run('UPDATE hf_device SET clock = max(clock, ?)', [who.stamp]);
  await moveToEnd(
    tx,
    entries.filter(({ id }) => waiting.has(id)),
  );
  const after = await allEntries(tx);
  await setStates(tx, restate(after));
  const touched = [
    ...originals.map(({ entry }) => entry),
    ...after.filter(({ id }) => waiting.has(id) || resolvedBy.has(id)),
  ];
  await rebaseRecords(tx, schema, touched);
  return { transaction: who.transaction, mutations: plan.map(({ entry }) => entry.id), touched };
}

interface PlannedAgain {
  readonly entry: NewEntry;
  readonly of: MutationId | null;
  readonly refersTo: readonly Reference[];
}

async function planAgain(
  tx: ReadTx,
  schema: Schema,
  originals: readonly { readonly entry: Entry; readonly again: Again }[],
  entries: readonly Entry[],
  waiting: ReadonlySet<MutationId>,
  who: WriteIdentity,
): Promise<PlannedAgain[]> {
  const ids = new Set(originals.map(({ entry }) => entry.id));
  const planned: PlannedAgain[] = [];
  const issues: FieldIssue[] = [];
  const creates = new Map<string, MutationId>();
  for (const each of entries) {
    const stands = !ids.has(each.id) && each.state.at !== 'resolving' && each.content.kind === 'create';
    if (stands) creates.set(addressOf(each.collection, each.record), each.id);
  }
  for (const { entry, again } of originals) {
    const address = addressOf(entry.collection, entry.record);
    const collection = schema.collections.get(entry.collection);
    const ofRecord = entries.filter(
      (each) => addressOf(each.collection, each.record) === address && entry.collection !== '',
    );
    const live = ofRecord.filter((each) => isLiveState(each.state) && !ids.has(each.id));
    const confirmed = await readConfirmed(tx, schema, entry);
    const released = await releasedLater(tx, entry);
    const content = againContent(
      entry,
      again,
      {
        shown: confirmed?.values ?? lastShown(entry, again),
        writtenLater: new Set([
          ...live.filter(({ seq }) => seq > entry.seq).flatMap(fieldsOf),
          ...released.flatMap(fieldsOf),
        ]),
        decidedElsewhere: new Set(
          originals
            .filter((other) => other.entry !== entry && sameRecord(other.entry, entry))
            .flatMap((other) => decidedFields(other.again)),
        ),
        bases: basesOf(live),
      },
      collection,
      who.stamp,
    );
    if (content === null) continue;
    const refersTo = checked(schema, entry, content, issues);
    const needs = new Set<MutationId>();
    for (const [index, each] of [
      ...(collection ? [{ collection: entry.collection, record: entry.record }] : []),
      ...refersTo,
    ].entries()) {
      const create = creates.get(addressOf(each.collection, each.record));
      if (create === undefined || (index === 0 && content.kind === 'create')) continue;
      if (waiting.has(create)) {
        issues.push({
          collection: entry.collection,
          record: entry.record,
          path: [],
          expected: 'to refer to nothing that itself waits for this entry',
        });
      } else needs.add(create);
    }
    const lane = [
      ...ofRecord.filter(({ id }) => !waiting.has(id)).map(({ id }) => id),
      ...planned
        .filter(
          (each) => each.entry.collection !== '' && addressOf(each.entry.collection, each.entry.record) === address,
        )
        .map((each) => each.entry.id),
    ];
    const id = who.nextId();
    planned.push({
      of: entry.id,
      refersTo,
      entry: {
        id,
        transaction: who.transaction,
        user: who.user,
        collection: entry.collection,
        record: entry.record,
        schema: who.schema,
        previous: lane.at(-1) ?? null,
        needs: [...needs],
        // A choice upon a version that was shown earlier has seen what was written here since. A deletion it is to
        // meet unseen: then the server asks whether the record is to be kept.
        afterReferring: [
          ...(await othersBefore(tx, entry, content.kind)).filter((other) => !waiting.has(other) && !ids.has(other)),
          ...released.filter((own) => own.content.kind !== 'delete').map((own) => own.id),
        ],
        resolves: [],
        content,
        stamp: who.stamp,
        priority: entry.priority,
        madeAt: who.nowMs,
      },
    });
    if (content.kind === 'create') creates.set(address, id);
  }
  if (issues.length > 0) throw new InvalidWrite(issues);
  return planned.length > 0 ? planned : [{ of: null, refersTo: [], entry: discardEntry(originals, who) }];
}

function discardEntry(originals: readonly { readonly entry: Entry }[], who: WriteIdentity): NewEntry {
  return {
    id: who.nextId(),
    transaction: who.transaction,
    user: who.user,
    collection: '',
    record: '',
    schema: who.schema,
    previous: null,
    needs: [],
    afterReferring: [],
    resolves: [],
    content: { kind: 'discard' },
    stamp: who.stamp,
    priority: Math.min(...originals.map(({ entry }) => entry.priority)),
    madeAt: who.nowMs,
  };
}

/** What each new entry stands for: its original, and what that stood for; the first also for all that was left out. */
function assignTargets(originals: readonly Entry[], plan: readonly PlannedAgain[]): Map<MutationId, MutationId> {
  const assigned = new Map<MutationId, MutationId>();
  const first = plan[0]?.entry.id;
  for (const original of originals) {
    const by = plan.find(({ of }) => of === original.id)?.entry.id ?? first;
    if (by === undefined) continue;
    for (const id of [original.id, ...original.resolves]) assigned.set(id, by);
  }
  return assigned;
}

/** What a person was shown of a record that is not there any more. */
function lastShown({ state, content }: Entry, again: Again): JsonObject {
  if (again.kind === 'bring-back') return again.last;
  if (state.at === 'conflicted' && state.receipt.outcome === 'conflict') return state.receipt.sides?.theirs ?? {};
  const was = 'set' in content ? content.set.map((change) => change.was ?? {}) : [];
  return Object.assign({}, 'last' in content ? content.last : {}, ...was) as JsonObject;
}

function sameRecord(a: RecordAddress, b: RecordAddress): boolean {
  return a.collection !== '' && a.collection === b.collection && a.record === b.record;
}

function fieldsOf({ content }: Pick<Entry, 'content'>): string[] {
  return setOf(content).flatMap(({ values }) => Object.keys(values));
}

/** Own entries of the record that were written after this one, and have been released since, oldest first. */
async function releasedLater(tx: ReadTx, entry: Entry): Promise<Pick<Entry, 'id' | 'content'>[]> {
  if (entry.collection === '') return [];
  const rows = await tx.all(
    'SELECT content FROM hf_sent WHERE collection = ? AND record = ? AND seq > ? ORDER BY seq',
    [entry.collection, entry.record, entry.seq],
  );
  return rows.map((row) => JSON.parse(row.content as string) as Entry);
}

async function othersBefore(tx: ReadTx, entry: Entry, kind: Entry['content']['kind']): Promise<MutationId[]> {
  if (entry.content.kind === 'command') return [...entry.afterReferring];
  const commands = await commandsOn(tx, entry);
  return kind === 'delete' ? [...new Set([...(await referringTo(tx, entry)), ...commands])] : commands;
}

/** WR2 for what is sent again: it has to fit the schema of the day. Gives what it refers to. */
function checked(schema: Schema, entry: Entry, content: Entry['content'], issues: FieldIssue[]): Reference[] {
  if (content.kind === 'command') {
    const command = schema.commands.get(content.name);
    if (command === undefined) {
      issues.push({ collection: content.name, record: null, path: [], expected: 'no such command' });
      return [];
    }
    const result = validateArgs(command, content.args);
    if (!result.ok) issues.push(...result.issues);
    return targetsOf(command, content.args);
  }
  const collection = schema.collections.get(entry.collection);
  if (collection === undefined || !('set' in content)) return [];
  const values = Object.assign({}, ...content.set.map((change) => change.values)) as JsonObject;
  const result = validateFields(collection, entry.record, values, content.kind === 'create' ? 'create' : 'update');
  if (!result.ok) issues.push(...result.issues);
  return referencesInValues(collection, values);
}
