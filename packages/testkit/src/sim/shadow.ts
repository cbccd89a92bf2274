import {
  holds,
  type Json,
  type Position,
  type RecordState,
  type Scope,
  type Snapshot,
  stampMs,
  versionCount,
} from '@holdfast/core';
import { type CommittedRecord, recordKey } from '@holdfast/server';

/** A record's values, by field. */
export type Values = Readonly<Record<string, Json>>;

/**
 * Everything that was ever committed, in the order of the commits: what a device that has read so far has
 * to have, told by nobody but the commits themselves.
 */
export interface Shadow {
  committed(position: Position, changed: readonly CommittedRecord[]): void;
  /** The living records in these scopes that a reader at `snapshot` sees, by `collection/id`. */
  seenAt(snapshot: Snapshot, scopes: readonly Scope[]): Map<string, Seen>;
  /** As it is now: what is committed from here on is not in the copy. */
  copy(): Shadow;
  /** A new epoch: everything there is counts as committed at this position. */
  restamp(position: Position): void;
  /** Where what the server says it has now is not what was committed. */
  differences(said: ReadonlyMap<string, Seen>, scopes: readonly Scope[]): string[];
}

export interface Seen {
  readonly values: Values;
  readonly version: string;
}

interface Change {
  readonly position: Position;
  readonly state: RecordState;
}

// A minute, and what a clock needs to pass the stamp of another.
const MOST_AHEAD_MS = 61_000;

type Histories = Map<string, Change[]>;

export function createShadow(clock: { now(): number }, violations: string[], histories: Histories = new Map()): Shadow {
  const read = (scopes: readonly Scope[], isSeen: (position: Position) => boolean) => {
    const states = new Map<string, RecordState>();
    for (const [key, changes] of histories) {
      const last = changes.findLast(({ position }) => isSeen(position));
      if (last !== undefined && last.state.deleted === null) states.set(key, last.state);
    }
    const wanted = new Set<string>(scopes);
    const rows = new Map<string, Seen>();
    for (const [key, { values, version }] of states) {
      if (scopesOfRow(key, values, states).some((scope) => wanted.has(scope))) rows.set(key, { values, version });
    }
    return rows;
  };

  return {
    committed(position, changed) {
      for (const { collection, id, state } of changed) {
        const key = recordKey(collection, id);
        const changes = histories.get(key) ?? [];
        histories.set(key, changes);
        checkChange(key, changes.at(-1)?.state ?? null, state, clock.now(), violations);
        changes.push({ position, state });
      }
    },
    copy: () => createShadow(clock, violations, new Map([...histories].map(([key, changes]) => [key, [...changes]]))),
    restamp(position) {
      for (const [key, changes] of histories) {
        const last = changes.at(-1);
        if (last !== undefined) histories.set(key, [{ position, state: last.state }]);
      }
    },
    seenAt: (snapshot, scopes) => read(scopes, (position) => holds(snapshot, position)),
    differences(said, scopes) {
      const all = read(scopes, () => true);
      const wrong = [...all].filter(([key, { version }]) => said.get(key)?.version !== version).map(([key]) => key);
      const more = [...said.keys()].filter((key) => !all.has(key));
      return [...wrong, ...more].map((key) => `[I3] the server does not have ${key} as it was committed`);
    },
  };
}

/** What must hold of each change by itself. */
function checkChange(
  key: string,
  before: RecordState | null,
  after: RecordState,
  nowMs: number,
  violations: string[],
): void {
  if (before !== null && versionCount(after.version) <= versionCount(before.version)) {
    violations.push(`[I1] ${key} went from version ${before.version} to ${after.version}`);
  }
  const marks = [after.created, ...Object.values(after.marks), ...(after.deleted === null ? [] : [after.deleted])];
  const ahead = marks.find(({ stamp }) => stampMs(stamp) > nowMs + MOST_AHEAD_MS);
  if (ahead !== undefined) {
    violations.push(`[I11] ${key} has a stamp ${stampMs(ahead.stamp) - nowMs} ms ahead of the server`);
  }
}

/** Written down once more, apart from the schema's own templates: who may see a row of this world. */
function scopesOfRow(key: string, values: Values, states: ReadonlyMap<string, RecordState>): string[] {
  const collection = key.slice(0, key.indexOf('/'));
  switch (collection) {
    case 'people':
      return [`mentor:${String(values['mentor'])}`, 'office'];
    case 'notes':
      return ['office'];
    default: {
      const person = states.get(recordKey('people', String(values['personId'])));
      return person === undefined ? [] : [`mentor:${String(person.values['mentor'])}`, 'office'];
    }
  }
}
