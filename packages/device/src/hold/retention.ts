import {
  type Collection,
  type ExchangeResponse,
  laterVersion,
  type RecordGroup,
  type Schema,
  type Scope,
  type Stamp,
  stampOf,
  type Version,
  versionCount,
  versionEpoch,
  versionOf,
} from '@holdfast/core';
import type { SqlValue, WriteTx } from '../ports/storage-driver.ts';
import { quote } from '../store/tables.ts';
import { addressOf } from '../write/plan-write.ts';
import { type Content, type Retained, readRetained, writeRetained } from './retained-store.ts';

/** A record as it was before, as far as the server is known to have it. */
export interface HeldRecord {
  readonly version: Version;
  readonly scopes: ReadonlySet<Scope>;
}

/** What was fetched stays at least so long: somebody is looking at it. */
const KEPT_MS = 24 * 3_600_000;

/** Records that were asked for by their id, as a group: whole, and in the scopes they are held by. */
export function fetchedGroups(fetched: ExchangeResponse['fetched']): RecordGroup[] {
  return fetched.flatMap(({ collection, record, found }) => {
    if (found === null) return [];
    const { version, values } = found;
    const one: RecordGroup['records'][number] = [record, versionCount(version), values];
    return [{ collection, epoch: versionEpoch(version), in: [], out: [], whole: true, aged: false, records: [one] }];
  });
}

/** By address. */
type Copies = ReadonlyMap<string, { readonly version: Version; readonly fields: string }>;

export const isFetched = (group: RecordGroup) => group.whole && group.in.length === 0;

/**
 * SY14: what a window does to the records that come. Content that is too old does not come; what is kept of
 * such a record is its version, so that nobody takes it for missing. Unsent work keeps its record.
 */
export class Retention {
  readonly #tx: WriteTx;
  readonly #dirty: ReadonlySet<string>;
  readonly #nowMs: number;
  /** Confirmed copies of records with unsent work, before what comes now. */
  readonly #copies: Copies;

  private constructor(tx: WriteTx, dirty: ReadonlySet<string>, nowMs: number, copies: Copies) {
    this.#tx = tx;
    this.#dirty = dirty;
    this.#nowMs = nowMs;
    this.#copies = copies;
  }

  /** To be made before anything of the confirmed state is forgotten. `nowMs` by this device's clock. */
  static async begin(tx: WriteTx, dirty: ReadonlySet<string>, nowMs: number): Promise<Retention> {
    const rows = await tx.all(
      `SELECT c.collection, c.id, c.fields, r.version FROM hf_confirmed c
       JOIN hf_record r ON r.collection = c.collection AND r.id = c.id`,
    );
    const copies = rows.map((row): [string, { version: Version; fields: string }] => [
      addressOf(row.collection as string, row.id as string),
      { version: row.version as Version, fields: row.fields as string },
    ]);
    return new Retention(tx, dirty, nowMs, new Map(copies));
  }

  /** Takes in what has no content to be shown. Gives the part of the group that has. */
  async take(collection: Collection, group: RecordGroup, held: ReadonlyMap<string, HeldRecord>): Promise<RecordGroup> {
    if (group.in.length === 0 && !group.whole) return group;
    const ids = group.records.map(([id]) => id);
    const known = await readRetained(this.#tx, collection.name, ids);
    const noted: Retained[] = [];
    const rest: RecordGroup['records'] = [];
    for (const record of group.records) {
      const [id, , , stamp = known.get(id)?.stamp ?? null] = record;
      const before = held.get(id);
      const had: Content = known.get(id)?.content ?? (before === undefined ? 'missing' : 'here');
      const note = (content: Content, keptUntil = known.get(id)?.keptUntil ?? null) =>
        noted.push({ id, stamp, content, keptUntil });
      const version = versionOf(group.epoch, record[1]);
      if (isFetched(group)) {
        // What has left meanwhile, or has changed once more, is nothing to be shown.
        if (before === undefined || laterVersion(before.version, version) !== version) continue;
        note('here', this.#nowMs + KEPT_MS);
        rest.push(record);
      } else if (group.aged) note(await this.#takeAged(collection, group, id, version, before, had));
      else if (group.whole || had === 'here' || before === undefined) {
        note('here');
        rest.push(record);
      } else {
        await this.#keepVersion(collection, group, id, this.#copyOf(collection, id)?.version ?? version, before);
        note('wanted');
      }
    }
    await writeRetained(this.#tx, collection.name, noted);
    return { ...group, records: rest };
  }

  async #takeAged(
    collection: Collection,
    group: RecordGroup,
    id: string,
    version: Version,
    before: HeldRecord | undefined,
    had: Content,
  ): Promise<Content> {
    if (before?.version === version && had === 'here') {
      await this.#keepVersion(collection, group, id, version, before);
      return 'here';
    }
    if (!this.#dirty.has(addressOf(collection.name, id))) {
      await this.#keepVersion(collection, group, id, version, before);
      await this.#tx.run(`DELETE FROM ${quote(collection.name)} WHERE id = ?`, [id]);
      return 'missing';
    }
    const copy = this.#copyOf(collection, id);
    await this.#keepVersion(collection, group, id, copy?.version ?? version, before);
    if (copy !== undefined) {
      await this.#tx.run('INSERT OR REPLACE INTO hf_confirmed (collection, id, fields) VALUES (?, ?, ?)', [
        collection.name,
        id,
        copy.fields,
      ]);
    }
    return copy?.version === version ? 'here' : 'wanted';
  }

  #copyOf(collection: Collection, id: string) {
    return this.#copies.get(addressOf(collection.name, id));
  }

  async #keepVersion(
    collection: Collection,
    group: RecordGroup,
    id: string,
    version: Version,
    before: HeldRecord | undefined,
  ): Promise<void> {
    const scopes = [...scopesAfter(group, before)].sort();
    const row: SqlValue[] = [collection.name, id, version, JSON.stringify(scopes)];
    await this.#tx.run('INSERT OR REPLACE INTO hf_record (collection, id, version, scopes) VALUES (?, ?, ?, ?)', row);
  }

  /** What could not be found is not asked for again, until it changes. */
  async giveUp(fetched: ExchangeResponse['fetched']): Promise<void> {
    await this.#tx.runMany(
      `UPDATE hf_retained SET content = 'missing' WHERE collection = ? AND id = ? AND content = 'wanted'`,
      fetched.filter(({ found }) => found === null).map(({ collection, record }) => [collection, record]),
    );
  }

  /** Gives up what has become too old and has no unsent work. Gives what is not shown any more. */
  async ageOut(schema: Schema, serverNowMs: number, youngerThanMs: number): Promise<Map<string, string[]>> {
    const before: Stamp = stampOf(Math.max(0, serverNowMs - youngerThanMs), 0);
    const rows = await this.#tx.all(
      `SELECT collection, id FROM hf_retained WHERE content = 'here' AND stamp < ?
       AND (kept_until IS NULL OR kept_until < ? OR kept_until > ?)`,
      [before, this.#nowMs, this.#nowMs + KEPT_MS],
    );
    const gone = new Map<string, string[]>();
    for (const row of rows) {
      const [collection, id] = [row.collection as string, row.id as string];
      if (this.#dirty.has(addressOf(collection, id)) || !schema.collections.has(collection)) continue;
      gone.set(collection, [...(gone.get(collection) ?? []), id]);
    }
    for (const [collection, ids] of gone) {
      await this.#tx.runMany(
        `DELETE FROM ${quote(collection)} WHERE id = ?`,
        ids.map((id) => [id]),
      );
      await this.#tx.runMany(
        `UPDATE hf_retained SET content = 'missing', kept_until = NULL WHERE collection = ? AND id = ?`,
        ids.map((id) => [collection, id]),
      );
    }
    return gone;
  }
}

/** The scopes a record is held by after the group. */
export function scopesAfter(group: RecordGroup, before: HeldRecord | undefined): Set<Scope> {
  const scopes = new Set(before?.scopes);
  for (const scope of group.out) scopes.delete(scope);
  for (const scope of group.in) scopes.add(scope);
  return scopes;
}
