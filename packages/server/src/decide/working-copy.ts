import {
  type Collection,
  type Epoch,
  must,
  type RecordState,
  type Schema,
  type Scope,
  scopesOf,
  type UserId,
  type Version,
} from '@holdfast/core';
import { nextState, nextVersion } from '../store/next-state.ts';
import { type LoadedRecord, type RecordBatch, recordKey, type StampedChange } from '../store/server-store.ts';

/** One write of a record by one statement: all changes that could be folded into it, one version. */
export interface Slot {
  readonly kind: RecordBatch['kind'];
  readonly changes: readonly StampedChange[];
}

/** A record as it stands after what was decided so far. */
export interface WorkingRecord {
  readonly collection: string;
  readonly id: string;
  readonly state: RecordState;
  readonly lastScopes: readonly Scope[];
  /** As they were loaded; null once it was written. */
  readonly loadedScopes: readonly Scope[] | null;
  readonly slots: readonly Slot[];
}

interface Author {
  readonly epoch: Epoch;
  readonly by: UserId;
  readonly authority: string | null;
}

/**
 * The records of one exchange while it is decided. A transaction works on a `fork`, which is taken over
 * with `adopt` or forgotten.
 */
export class WorkingCopy {
  readonly #schema: Schema;
  readonly #author: Author;
  readonly #loaded: ReadonlyMap<string, LoadedRecord>;
  readonly #base: WorkingCopy | null;
  readonly #written = new Map<string, WorkingRecord>();

  constructor(
    schema: Schema,
    author: Author,
    loaded: ReadonlyMap<string, LoadedRecord>,
    base: WorkingCopy | null = null,
  ) {
    this.#schema = schema;
    this.#author = author;
    this.#loaded = loaded;
    this.#base = base;
  }

  fork(): WorkingCopy {
    return new WorkingCopy(this.#schema, this.#author, this.#loaded, this);
  }

  adopt(fork: WorkingCopy): void {
    for (const [key, record] of fork.#written) this.#written.set(key, record);
  }

  written(): Iterable<WorkingRecord> {
    return this.#written.values();
  }

  get(collection: string, id: string): WorkingRecord | null {
    const key = recordKey(collection, id);
    const written = this.#found(key);
    if (written !== null) return written;
    const loaded = this.#loaded.get(key);
    if (loaded === undefined) return null;
    const { state, scopes, lastScopes } = loaded;
    return { collection, id, state, lastScopes, loadedScopes: scopes, slots: [] };
  }

  #found(key: string): WorkingRecord | null {
    return this.#written.get(key) ?? (this.#base === null ? null : this.#base.#found(key));
  }

  /** The scopes it is in now; for a deleted one those it was in when it was deleted. */
  scopes(collection: Collection, record: WorkingRecord): readonly Scope[] {
    if (record.state.deleted !== null) return record.lastScopes;
    if (record.loadedScopes !== null && !this.#parentWritten(collection, record.state)) return record.loadedScopes;
    return scopesOf(this.#schema, collection, record.id, record.state.values, (target, id) => {
      const parent = this.get(target, id)?.state;
      return parent === undefined || parent.deleted !== null ? null : parent.values;
    });
  }

  /** The scopes it was in before this exchange; for a deleted one those it was in when it was deleted. */
  scopesBefore(collection: string, id: string): readonly Scope[] {
    const loaded = this.#loaded.get(recordKey(collection, id));
    if (loaded === undefined) return [];
    return loaded.state.deleted === null ? loaded.scopes : loaded.lastScopes;
  }

  #parentWritten(collection: Collection, state: RecordState): boolean {
    return collection.inherits.some(({ field, collection: target }) => {
      const id = state.values[field];
      return typeof id === 'string' && this.#found(recordKey(target, id)) !== null;
    });
  }

  /** Writes, folded into the record's last write where one statement can do both. Gives the version made. */
  write(collection: Collection, id: string, kind: RecordBatch['kind'], changes: readonly StampedChange[]): Version {
    const prior = this.get(collection.name, id);
    const last = prior?.slots.at(-1);
    // What was just deleted is not updated but inserted again, so an update always fits into what is there.
    const folds = last !== undefined && kind === 'update';
    const version = folds && prior ? prior.state.version : nextVersion(prior?.state ?? null, this.#author.epoch);
    const state = nextState(prior?.state ?? null, kind, changes, { version, ...this.#author });
    const slots = prior?.slots ?? [];
    this.#written.set(recordKey(collection.name, id), {
      collection: collection.name,
      id,
      state,
      lastScopes: kind === 'delete' ? this.scopes(collection, must(prior, 'the record to delete')) : [],
      loadedScopes: null,
      slots: folds
        ? [...slots.slice(0, -1), { kind: last.kind, changes: [...last.changes, ...changes] }]
        : [...slots, { kind, changes }],
    });
    return version;
  }

  /** All records as they are now, in the form in which they were loaded. */
  loadedAgain(): ReadonlyMap<string, LoadedRecord> {
    const again = new Map<string, LoadedRecord>();
    for (const key of new Set([...this.#loaded.keys(), ...this.#written.keys()])) {
      const slash = key.indexOf('/');
      const record = must(this.get(key.slice(0, slash), key.slice(slash + 1)), key);
      const { state, lastScopes } = record;
      const collection = must(this.#schema.collections.get(record.collection), record.collection);
      again.set(key, { state, lastScopes, scopes: state.deleted === null ? this.scopes(collection, record) : [] });
    }
    return again;
  }
}
