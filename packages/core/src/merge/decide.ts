import { invariant } from '../errors/invariant.ts';
import type { Resolver } from '../schema/policies.ts';
import type { Collection } from '../schema/schema.ts';
import { validateFields } from '../schema/validate.ts';
import type { Stamp } from '../time/stamp.ts';
import { sameJson } from '../value/canonical-json.ts';
import type { Json } from '../value/json.ts';
import { seenAt, VERSION_NONE, type Version, versionCount, versionEpoch } from '../version/version.ts';
import type {
  Change,
  CreateMutation,
  DeleteMutation,
  RecordMutation,
  RestoreMutation,
  UpdateMutation,
} from '../wire/mutation.ts';
import type { ConflictSides, Loss, LossRule } from '../wire/receipt.ts';
import type { Decision, Override, RecordWrite, WonChange } from './decision.ts';
import { type FieldMark, markOf, type RecordState } from './record-state.ts';

/** Who writes, and what is known of it besides the mutation itself. */
export interface Writer {
  readonly user: string;
  /** The token's role: the authority of CF6. */
  readonly authority: string | null;
  /**
   * The versions that this device's earlier entries of the record made, of those the mutation names in
   * `after`. A change with one of them was seen by its own maker.
   */
  readonly own: ReadonlySet<Version>;
  /** Brings a stamp back to what the server allows (CF10). */
  readonly clamp: (stamp: Stamp) => Stamp;
}

/**
 * How a mutation is answered, given the record as it stands: the one place where it is decided who
 * wins (CF11). Holding, permission and validity come before; the record is null where there is none
 * or none that the writer may know of. Pure.
 */
export function decide(
  record: RecordState | null,
  mutation: RecordMutation,
  collection: Collection,
  writer: Writer,
): Decision {
  if (mutation.kind === 'create') return decideCreate(record, mutation, writer);
  if (record === null) return { outcome: 'refused', reason: 'gone', detail: null };
  if (mutation.kind === 'delete') return decideDelete(record, mutation, collection, writer);
  if (record.deleted !== null) return decideUpdateOfDeleted(record, record.deleted, mutation, collection, writer);
  return decideUpdate(record, mutation, collection, writer);
}

function decideCreate(record: RecordState | null, mutation: CreateMutation, writer: Writer): Decision {
  if (record !== null) return { outcome: 'refused', reason: 'exists', detail: null };
  const changes = mutation.set.map((change) => ({ values: change.values, stamp: writer.clamp(change.stamp) }));
  return { outcome: 'applied', write: { kind: 'insert', changes } };
}

function isSeen(mark: FieldMark, base: Version, writer: Writer): boolean {
  return seenAt(mark.version, base) || writer.own.has(mark.version);
}

/** CF5: the order of concurrent writes, total because a mutation's id breaks ties. */
function isLater(stamp: Stamp, tie: string, mark: FieldMark): boolean {
  return stamp !== mark.stamp ? stamp > mark.stamp : tie > mark.tie;
}

function decideUpdate(
  record: RecordState,
  mutation: UpdateMutation | RestoreMutation,
  collection: Collection,
  writer: Writer,
): Decision {
  invariant(mutation.kind === 'restore' || mutation.ops.length === 0, 'operations are refused before they are decided');
  const won: WonChange[] = [];
  const lost: Loss[] = [];
  const overrode: Override[] = [];
  const conflicts: { values: Record<string, Json>; change: Change; by: string | null }[] = [];
  for (const change of mutation.set) {
    const stamp = writer.clamp(change.stamp);
    const winning: Record<string, Json> = {};
    for (const fields of groupsIn(change, collection)) {
      const values = pick(change.values, fields);
      const verdict = judge(record, fields, change, stamp, mutation.id, collection, writer);
      if (verdict.kind === 'wins') {
        Object.assign(winning, values);
        overrode.push(...overridesOf(record, values, verdict.over));
      } else if (verdict.kind === 'resolved') {
        Object.assign(winning, verdict.values);
        overrode.push(...overridesOf(record, verdict.values, verdict.over));
        if (!sameJson(verdict.values, values)) {
          lost.push({ mine: values, kept: verdict.values, rule: 'custom', by: verdict.by });
        }
      } else if (verdict.kind === 'conflict') conflicts.push({ values, change, by: verdict.by });
      else lost.push({ mine: values, kept: pick(record.values, fields), rule: verdict.rule, by: verdict.by });
    }
    if (Object.keys(winning).length > 0) won.push({ values: winning, stamp });
  }
  if (conflicts.length > 0) return { outcome: 'conflict', sides: sidesOf(record, conflicts) };
  const write: RecordWrite = won.length > 0 ? { kind: 'update', changes: won } : { kind: 'none' };
  return took(write, lost, overrode);
}

function took(write: RecordWrite, lost: readonly Loss[], overrode: readonly Override[]): Decision {
  const over = overrode.length > 0 ? { overrode } : {};
  return lost.length > 0 ? { outcome: 'merged', write, lost, ...over } : { outcome: 'applied', write, ...over };
}

/** A field's last change that the writer had not seen and that lost, with the rule that said so. */
interface Overridden {
  readonly field: string;
  readonly by: string | null;
  readonly rule: LossRule;
}

/** Together what one person lost by one rule; nobody loses a value that is written again. */
function overridesOf(
  record: RecordState,
  mine: Readonly<Record<string, Json>>,
  over: readonly Overridden[],
): Override[] {
  const found = new Map<string, Override>();
  for (const { field, by, rule } of over) {
    const [value, stood] = [pick(mine, [field]), pick(record.values, [field])];
    if (sameJson(value, stood)) continue;
    const key = `${rule} ${by}`;
    const before = found.get(key);
    found.set(key, { mine: { ...before?.mine, ...value }, theirs: { ...before?.theirs, ...stood }, rule, by });
  }
  return [...found.values()];
}

type Verdict =
  | { kind: 'wins'; over: readonly Overridden[] }
  | { kind: 'resolved'; values: Record<string, Json>; by: string | null; over: readonly Overridden[] }
  | { kind: 'loses'; rule: LossRule; by: string | null }
  | { kind: 'conflict'; by: string | null };

/** A field, or the fields of one group, against their last changes. A group is judged by its unseen ones. */
function judge(
  record: RecordState,
  fields: readonly string[],
  change: Change,
  stamp: Stamp,
  tie: string,
  collection: Collection,
  writer: Writer,
): Verdict {
  const unseen = fields
    .map((field) => ({ field, mark: markOf(record, field) }))
    .filter(({ mark }) => !isSeen(mark, change.base, writer));
  const policy = collection.conflict;
  const over: Overridden[] = [];
  for (const { field, mark } of unseen) {
    if (policy.kind === 'manual') return { kind: 'conflict', by: mark.by };
    if (policy.kind === 'custom') {
      const all = unseen.map((each) => ({ field: each.field, by: each.mark.by, rule: 'custom' as const }));
      return judgeByResolver(record, fields, change, policy.resolve, collection, mark.by, all);
    }
    if (policy.kind === 'serverWins') return { kind: 'loses', rule: 'serverWins', by: mark.by };
    const rank = rankOf(policy.authority, writer.authority) - rankOf(policy.authority, mark.authority);
    if (rank > 0) return { kind: 'loses', rule: 'authority', by: mark.by };
    if (rank === 0 && !isLater(stamp, tie, mark)) return { kind: 'loses', rule: 'lastWriteWins', by: mark.by };
    over.push({ field, by: mark.by, rule: rank === 0 ? 'lastWriteWins' : 'authority' });
  }
  return { kind: 'wins', over };
}

/** CF8: what the app's function makes of both; what it leaves open, throws or gets wrong goes to a person. */
function judgeByResolver(
  record: RecordState,
  fields: readonly string[],
  change: Change,
  resolve: Resolver,
  collection: Collection,
  by: string | null,
  over: readonly Overridden[],
): Verdict {
  try {
    // Copies: whatever it does with them stays with it.
    const given = resolve({
      base: copyOf(pick(change.was ?? {}, fields)),
      mine: copyOf(pick(change.values, fields)),
      theirs: copyOf(pick(record.values, fields)),
    });
    if (given === null || fields.some((field) => !Object.hasOwn(given, field))) return { kind: 'conflict', by };
    const checked = validateFields(collection, null, pick(given, fields), 'update');
    return checked.ok ? { kind: 'resolved', values: pick(checked.values, fields), by, over } : { kind: 'conflict', by };
  } catch {
    return { kind: 'conflict', by };
  }
}

function copyOf<T extends Json>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

/** CF6: place in the list of roles, highest first; who has none of them stands below all. */
function rankOf(authority: readonly string[], role: string | null): number {
  const at = role === null ? -1 : authority.indexOf(role);
  return at < 0 ? authority.length : at;
}

/** The groups whose fields stand in a change; that none is there in part was checked before. */
function groupsIn(change: Change, collection: Collection): readonly (readonly string[])[] {
  const groups = new Set<readonly string[]>();
  for (const field of Object.keys(change.values)) {
    const group = collection.groupOf.get(field);
    invariant(group, `field ${field} was not checked`);
    groups.add(group);
  }
  return [...groups];
}

function pick(values: Readonly<Record<string, Json>>, fields: readonly string[]): Record<string, Json> {
  return Object.fromEntries(
    fields.map((field) => [field, Object.hasOwn(values, field) ? (values[field] ?? null) : null]),
  );
}

function sidesOf(
  record: RecordState,
  conflicts: readonly { values: Record<string, Json>; change: Change; by: string | null }[],
): ConflictSides {
  const fields = conflicts.flatMap(({ values }) => Object.keys(values));
  const mine = Object.assign({}, ...conflicts.map(({ values }) => values)) as Record<string, Json>;
  const was = Object.assign({}, ...conflicts.map(({ change }) => change.was ?? {})) as Record<string, Json>;
  return {
    fields,
    base: pick(was, fields),
    mine,
    theirs: pick(record.values, fields),
    deletion: null,
    version: record.version,
    by: conflicts[0]?.by ?? null,
  };
}

/** CF9: somebody deleted what I changed. */
function decideUpdateOfDeleted(
  record: RecordState,
  deleted: FieldMark,
  mutation: UpdateMutation | RestoreMutation,
  collection: Collection,
  writer: Writer,
): Decision {
  if (mutation.kind === 'restore' && isSeen(deleted, mutation.base, writer))
    return broughtBack(record, mutation, mutation.stamp, writer);
  if (isSeen(deleted, mutation.base, writer)) return { outcome: 'refused', reason: 'deleted', detail: null };
  const mine = Object.assign({}, ...mutation.set.map((change) => change.values)) as Record<string, Json>;
  const fields = Object.keys(mine);
  switch (collection.onDelete) {
    case 'deleteWins':
      return {
        outcome: 'merged',
        write: { kind: 'none' },
        lost: [{ mine, kept: {}, rule: 'deleted', by: deleted.by }],
      };
    case 'updateWins': {
      const overrode = [{ mine, theirs: {}, rule: 'updated' as const, by: deleted.by }];
      return { ...broughtBack(record, mutation, deleted.stamp, writer), overrode };
    }
    case 'manual': {
      const base = Object.assign({}, ...mutation.set.map((change) => change.was ?? {})) as Record<string, Json>;
      return {
        outcome: 'conflict',
        sides: {
          fields,
          base: pick(base, fields),
          mine,
          theirs: record.values,
          deletion: 'theirs',
          version: record.version,
          by: deleted.by,
        },
      };
    }
  }
}

/** The whole record comes back: its last content under `stamp`, and upon it what the mutation sets. */
function broughtBack(
  record: RecordState,
  mutation: UpdateMutation | RestoreMutation,
  stamp: Stamp,
  writer: Writer,
): Extract<Decision, { outcome: 'applied' }> {
  const set = mutation.set.map((change) => ({ values: change.values, stamp: writer.clamp(change.stamp) }));
  const changes = [{ values: record.values, stamp: writer.clamp(stamp) }, ...set];
  return { outcome: 'applied', write: { kind: 'insert', changes } };
}

/** CF9: I delete what somebody may have changed since. */
function decideDelete(record: RecordState, mutation: DeleteMutation, collection: Collection, writer: Writer): Decision {
  if (record.deleted !== null) return { outcome: 'applied', write: { kind: 'none' } };
  const stamp = writer.clamp(mutation.stamp);
  const unseenBy = unseenChange(record, mutation, writer);
  if (unseenBy === null) return { outcome: 'applied', write: { kind: 'delete', stamp } };
  if (collection.onDelete === 'deleteWins') {
    const overrode = [{ mine: {}, theirs: record.values, rule: 'deleted' as const, by: unseenBy.by }];
    return { outcome: 'applied', write: { kind: 'delete', stamp }, overrode };
  }
  if (collection.onDelete === 'updateWins') {
    return {
      outcome: 'merged',
      write: { kind: 'none' },
      lost: [{ mine: {}, kept: record.values, rule: 'updated', by: unseenBy.by }],
    };
  }
  return {
    outcome: 'conflict',
    sides: {
      fields: [],
      base: {},
      mine: {},
      theirs: record.values,
      deletion: 'mine',
      version: record.version,
      by: unseenBy.by,
    },
  };
}

/**
 * The latest change that the deleter had not seen. Counts tell what the fields' last writers alone
 * cannot: another's change that lies under one's own. A field shown under an own entry is asked of
 * that entry's base.
 */
function unseenChange(record: RecordState, mutation: DeleteMutation, writer: Writer): { by: string | null } | null {
  const base = mutation.base;
  const ownAbove = [...writer.own].filter((version) => !seenAt(version, base)).length;
  const since = versionCount(record.version) - versionCount(base);
  const sameHistory = base === VERSION_NONE || versionEpoch(base) === versionEpoch(record.version);
  const marks = [record.created, ...Object.values(record.marks)];
  const latest = marks
    .filter((mark) => !isSeen(mark, base, writer))
    .sort(byVersion)
    .at(-1);
  if (!sameHistory || since !== ownAbove) return { by: latest?.by ?? null };
  for (const shown of mutation.bases) {
    for (const [field, fieldBase] of Object.entries(shown)) {
      const mark = markOf(record, field);
      if (!isSeen(mark, fieldBase, writer)) return { by: mark.by };
    }
  }
  return null;
}

function byVersion(a: FieldMark, b: FieldMark): number {
  return versionCount(a.version) - versionCount(b.version);
}
