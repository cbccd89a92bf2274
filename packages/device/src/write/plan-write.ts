import {
  type Change,
  type FieldIssue,
  InvalidWrite,
  type Json,
  type MutationId,
  type Reference,
  type Stamp,
  sameJson,
  type TransactionId,
  type UserId,
  VERSION_NONE,
  type Version,
} from '@holdfast/core';
import { type Entry, type EntryContent, type NewEntry, setOf } from '../outbox/entry.ts';
import type { EntryState } from '../outbox/entry-state.ts';
import { standsAside } from '../outbox/liveness.ts';
import { referencesInValues } from '../outbox/references-of.ts';
import { applyContent, type Values } from '../rebase/apply-content.ts';
import type { CheckedChange, CheckedCommand, CheckedIntent } from './check-intents.ts';

/** A record as the device has it when the write begins. */
export interface RecordContext {
  /** What queries see. */
  readonly visible: Values;
  /** The version last confirmed; `VERSION_NONE` where the server is not known to have it. */
  readonly version: Version;
  /** Its entries in the outbox, in the order made. */
  readonly entries: readonly Entry[];
  /** Entries of other records that refer to it; asked for deletes only. */
  readonly referring: readonly MutationId[];
  /** Commands that target it. */
  readonly commands: readonly MutationId[];
}

export interface WriteContext {
  readonly records: ReadonlyMap<string, RecordContext>;
  /** Record → its create, while that is in the outbox: of every record the write refers to. */
  readonly creates: ReadonlyMap<string, MutationId>;
  /** Creates that stand aside, or wait for one that does: what needs them is not live from the start. */
  readonly notLive: ReadonlySet<MutationId>;
  /** Entries that are not live because of others. */
  readonly blocked: ReadonlySet<MutationId>;
  /** What the caller wants to wait for (OB3), of that what is still in the outbox. */
  readonly waitFor: readonly MutationId[];
}

export interface WriteIdentity {
  readonly transaction: TransactionId;
  readonly user: UserId;
  readonly schema: number;
  readonly stamp: Stamp;
  readonly nowMs: number;
  readonly priority: number | null;
  readonly nextId: () => MutationId;
}

/** One entry to append, and what it makes of its record. */
export interface PlannedEntry {
  readonly entry: NewEntry;
  readonly refersTo: readonly Reference[];
  readonly before: Values;
  readonly after: Values;
  readonly state: EntryState;
}

export function addressOf(collection: string, record: string): string {
  return `${collection}/${record}`;
}

/** The records' state while a write is planned: each intent sees what the ones before it did. */
interface Working {
  visible: Values;
  readonly version: Version;
  readonly entries: Pick<Entry, 'id' | 'content' | 'state'>[];
  readonly referring: MutationId[];
  readonly commands: MutationId[];
}

/**
 * Turns intents into outbox entries. Pure: what it needs of the store stands in `context`.
 *
 * @throws InvalidWrite where a record to change is not here, or one to create is
 */
export function planWrite(
  intents: readonly CheckedIntent[],
  context: WriteContext,
  who: WriteIdentity,
): PlannedEntry[] {
  const working = new Map<string, Working>();
  const creates = new Map(context.creates);
  const planned: PlannedEntry[] = [];
  const issues: FieldIssue[] = [];
  const later = new Set(
    intents.flatMap((intent) => (intent.kind === 'create' ? [addressOf(intent.collection.name, intent.record)] : [])),
  );
  for (const intent of intents) {
    if (intent.kind === 'command') {
      planned.push(planCommand(intent, working, context, creates, who));
      continue;
    }
    if (intent.kind === 'create') later.delete(addressOf(intent.collection.name, intent.record));
    const orphan = scopeParents(intent).find(({ collection, id }) => later.has(addressOf(collection, id)));
    if (orphan !== undefined) {
      const expected = 'a record that is created before it in this write: it takes its scopes from there';
      issues.push({ collection: intent.collection.name, record: intent.record, path: [orphan.field], expected });
      continue;
    }
    const address = addressOf(intent.collection.name, intent.record);
    const record = workingRecord(working, context, address);
    const problem = problemOf(intent, record);
    if (problem !== null) {
      issues.push({ collection: intent.collection.name, record: intent.record, path: ['id'], expected: problem });
      continue;
    }
    const content = contentOf(intent, record, who.stamp, context.blocked);
    if (content === null) continue;
    // Of an update only what changes, and with it the rest of its groups.
    const refersTo = referencesInValues(intent.collection, valuesOf(content));
    const id = who.nextId();
    const own = creates.get(address);
    const needs = new Set<MutationId>(own === undefined ? context.waitFor : [own, ...context.waitFor]);
    for (const { collection, record: target } of refersTo) {
      const create = creates.get(addressOf(collection, target));
      if (create !== undefined) needs.add(create);
    }
    const entry: NewEntry = {
      id,
      transaction: who.transaction,
      user: who.user,
      collection: intent.collection.name,
      record: intent.record,
      schema: who.schema,
      previous: record.entries.at(-1)?.id ?? null,
      needs: [...needs],
      afterReferring: [...new Set([...(content.kind === 'delete' ? record.referring : []), ...record.commands])],
      resolves: [],
      content,
      stamp: who.stamp,
      priority: who.priority ?? intent.collection.priority,
      madeAt: who.nowMs,
    };
    const before = record.visible;
    record.visible = applyContent(before, content);
    record.entries.push({ id, content, state: { at: 'pending' } });
    if (content.kind === 'create') creates.set(address, id);
    for (const { collection, record: target } of refersTo) {
      workingRecord(working, context, addressOf(collection, target)).referring.push(id);
    }
    planned.push({ entry, refersTo, before, after: record.visible, state: { at: 'pending' } });
  }
  if (issues.length > 0) throw new InvalidWrite(issues);
  return blockedFromStart(planned, context.notLive);
}

/** A command comes after the last entries of all records it targets, and later entries of these after it. */
function planCommand(
  { command, args, refersTo }: CheckedCommand,
  working: Map<string, Working>,
  context: WriteContext,
  creates: ReadonlyMap<string, MutationId>,
  who: WriteIdentity,
): PlannedEntry {
  const id = who.nextId();
  const targets = refersTo.map(({ collection, record }) => {
    const address = addressOf(collection, record);
    return { address, record: workingRecord(working, context, address) };
  });
  const needs = new Set(context.waitFor);
  for (const { address } of targets) {
    const create = creates.get(address);
    if (create !== undefined) needs.add(create);
  }
  const after = targets.flatMap(({ record }) => [
    ...record.entries.slice(-1).map((each) => each.id),
    ...record.commands,
  ]);
  const entry: NewEntry = {
    id,
    transaction: who.transaction,
    user: who.user,
    collection: '',
    record: '',
    schema: who.schema,
    previous: null,
    needs: [...needs],
    afterReferring: [...new Set(after)],
    resolves: [],
    content: { kind: 'command', name: command.name, args, targets: refersTo },
    stamp: who.stamp,
    priority: who.priority ?? command.priority,
    madeAt: who.nowMs,
  };
  for (const { record } of targets) {
    record.commands.push(id);
    record.referring.push(id);
  }
  return { entry, refersTo, before: null, after: null, state: { at: 'pending' } };
}

/**
 * A write upon something that was refused is kept, with what it waits for, and not shown: at the next
 * checkpoint it would vanish (SY6). As a whole (WR4).
 */
function blockedFromStart(planned: PlannedEntry[], notLive: ReadonlySet<MutationId>): PlannedEntry[] {
  const by = [...new Set(planned.flatMap(({ entry }) => entry.needs.filter((id) => notLive.has(id))))];
  if (by.length === 0) return planned;
  return planned.map((each) => ({ ...each, state: { at: 'blocked', by, reason: 'not-live' } }));
}

function valuesOf(content: EntryContent): Record<string, Json> {
  return Object.assign({}, ...setOf(content).map(({ values }) => values));
}

function scopeParents({ collection, values }: CheckedChange): { field: string; collection: string; id: string }[] {
  return collection.inherits.flatMap(({ field, collection: target }) => {
    const id = Object.hasOwn(values, field) ? values[field] : null;
    return typeof id === 'string' ? [{ field, collection: target, id }] : [];
  });
}

function workingRecord(working: Map<string, Working>, context: WriteContext, address: string): Working {
  let record = working.get(address);
  if (record === undefined) {
    const found = context.records.get(address);
    record = {
      visible: found?.visible ?? null,
      version: found?.version ?? VERSION_NONE,
      entries: [...(found?.entries ?? [])],
      referring: [...(found?.referring ?? [])],
      commands: [...(found?.commands ?? [])],
    };
    working.set(address, record);
  }
  return record;
}

function problemOf(intent: CheckedChange, record: Working): string | null {
  if (intent.kind === 'create') {
    const taken = record.visible !== null || record.version !== VERSION_NONE || record.entries.length > 0;
    return taken ? 'an id that is not used yet' : null;
  }
  return record.visible === null ? 'the id of a record that is on this device' : null;
}

/** What the entry holds; null where nothing changes. */
function contentOf(
  intent: CheckedChange,
  record: Working,
  stamp: Stamp,
  blocked: ReadonlySet<MutationId>,
): EntryContent | null {
  const live = record.entries.filter((entry) => !standsAside(entry.state) && !blocked.has(entry.id));
  switch (intent.kind) {
    case 'create':
      return { kind: 'create', set: [{ values: intent.values, base: VERSION_NONE, stamp }] };
    case 'update': {
      const set = changesOf(intent, record, live, stamp);
      return set.length === 0 ? null : { kind: 'update', base: recordBase(record, live), set };
    }
    case 'delete':
      return { kind: 'delete', base: recordBase(record, live), bases: basesOf(live) };
  }
}

/** The confirmed version; under an own create that is not confirmed none, under an own restore that one's. */
function recordBase(record: Working, live: readonly Pick<Entry, 'content'>[]): Version {
  const made = live.findLast(({ content }) => content.kind === 'create' || content.kind === 'restore')?.content;
  if (made === undefined) return record.version;
  return made.kind === 'restore' ? made.base : VERSION_NONE;
}

/** For each field every base it was shown under, once: as few maps as the field with the most bases has. */
export function basesOf(live: readonly Pick<Entry, 'content'>[]): Record<string, Version>[] {
  const seen = new Map<string, Set<Version>>();
  for (const { content } of live) {
    for (const change of setOf(content)) {
      for (const field of Object.keys(change.values)) {
        const bases = seen.get(field) ?? new Set();
        seen.set(field, bases.add(change.base));
      }
    }
  }
  const maps: Record<string, Version>[] = [];
  for (const [field, bases] of seen) {
    for (const [index, base] of [...bases].entries()) {
      const map = maps[index] ?? {};
      maps[index] = map;
      map[field] = base;
    }
  }
  return maps;
}

/**
 * WR5: only what changed, whole groups, each field upon what it was made upon: the confirmed version
 * or, where a live own entry covers the field, that entry's base, for what was pulled under an own
 * pending edit was never seen.
 */
function changesOf(
  intent: CheckedChange,
  record: Working,
  live: readonly Pick<Entry, 'content'>[],
  stamp: Stamp,
): Change[] {
  const visible = record.visible ?? {};
  const wanted = new Set<string>();
  for (const [field, value] of Object.entries(intent.values)) {
    if (!intent.confirm && sameJson(visible[field] ?? null, value)) continue;
    for (const member of intent.collection.groupOf.get(field) ?? [field]) wanted.add(member);
  }
  const covering = new Map<string, { base: Version; was: Json }>();
  for (const { content } of live) {
    for (const change of setOf(content)) {
      for (const field of Object.keys(change.values)) {
        // Under an own create nothing was before: what it made is what a person compares with.
        const was = content.kind === 'create' ? change.values[field] : change.was?.[field];
        covering.set(field, { base: change.base, was: was ?? null });
      }
    }
  }
  const byBase = new Map<Version, { values: Record<string, Json>; was: Record<string, Json> }>();
  for (const group of groupsOf(wanted, intent)) {
    // A group has one base: the oldest any of its fields was made upon.
    const covered = group.map((field) => covering.get(field)).find((found) => found !== undefined);
    const base = covered?.base ?? recordBase(record, live);
    const change = byBase.get(base) ?? { values: {}, was: {} };
    for (const field of group) {
      // Null is a value: only what was not given is taken as it was shown.
      change.values[field] = (Object.hasOwn(intent.values, field) ? intent.values[field] : visible[field]) ?? null;
      const shownUnder = covering.get(field);
      change.was[field] = shownUnder === undefined ? (visible[field] ?? null) : shownUnder.was;
    }
    byBase.set(base, change);
  }
  return [...byBase].map(([base, { values, was }]) => ({ values, base, stamp, was }));
}

function groupsOf(fields: ReadonlySet<string>, intent: CheckedChange): Set<readonly string[]> {
  return new Set([...fields].map((field) => intent.collection.groupOf.get(field) ?? [field]));
}
