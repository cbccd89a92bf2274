import type { DeviceId, Epoch, MutationId, Position, Schema, Scope, Snapshot, UserId } from '@holdfast/core';
import type { AuditRequest, OverriddenRequest } from '../store/audit.ts';
import type { BayRequest } from '../store/bay.ts';
import type {
  Effects,
  FeedRequest,
  ImportRow,
  LoadRequest,
  RecordKey,
  ServerStore,
  ServerTransaction,
} from '../store/server-store.ts';
import { applyEffects } from './apply-effects.ts';
import { compact, readSnapshot, writeSnapshot } from './compact.ts';
import { beginEpoch } from './epoch.ts';
import { importRows } from './import-rows.ts';
import { install } from './install.ts';
import { loadRecords, releaseReserved, type SqlContext } from './load-records.ts';
import { readFeed } from './read-feed.ts';
import { findInBay, readAudit, readBay, readOverridden } from './read-ledger.ts';
import { repeat } from './repeat.ts';
import type { SqlDatabase, SqlSession } from './sql-database.ts';
import { sqlNames } from './sql-names.ts';

/** What a store takes from outside besides its database. */
export interface SqlStoreDeps {
  readonly clock: { now(): number };
  readonly random: { bytes(length: number): Uint8Array; fraction(): number };
}

/**
 * The `ServerStore` over a database that speaks Postgres.
 *
 * @throws HoldfastError `DatabaseMismatch`
 */
export async function openSqlStore(
  db: SqlDatabase,
  schema: Schema,
  pgSchema: string,
  deps: SqlStoreDeps,
): Promise<ServerStore> {
  const names = sqlNames(pgSchema);
  const { epoch, numbers } = await repeat(deps.random, () => install(db, schema, names, pgSchema, deps));
  const store = new SqlStore(db, { schema, names, numbers }, epoch, deps);
  await db.listen(names.channel, (payload) => store.hear(payload));
  return store;
}

class SqlStore implements ServerStore {
  readonly kind: 'pglite' | 'postgres';
  #epoch: Epoch;
  readonly #db: SqlDatabase;
  readonly #context: SqlContext;
  readonly #deps: SqlStoreDeps;
  readonly #listeners = new Set<(scopes: readonly Scope[]) => void>();

  constructor(db: SqlDatabase, context: SqlContext, epoch: Epoch, deps: SqlStoreDeps) {
    this.kind = db.kind;
    this.#epoch = epoch;
    this.#db = db;
    this.#context = context;
    this.#deps = deps;
  }

  get epoch(): Epoch {
    return this.#epoch;
  }

  transaction<T>(work: (tx: ServerTransaction) => Promise<T>): Promise<T> {
    return repeat(this.#deps.random, () =>
      this.#db.transaction(async (session) => {
        const tx = new SqlTransaction(session, this.#context, this.#deps);
        const value = await work(tx);
        await tx.finish();
        return value;
      }),
    );
  }

  async read(request: FeedRequest) {
    const read = await readFeed(this.#db, this.#context, request);
    this.#epoch = read.epoch;
    return read;
  }

  async newEpoch(): Promise<Epoch> {
    this.#epoch = await this.#alone((session) => beginEpoch(session, this.#context.names, this.#deps));
    return this.#epoch;
  }

  backupBegins(): Promise<Snapshot> {
    return this.#alone(async (session) => {
      const { rows } = await session.query('SELECT pg_current_snapshot()::text AS snapshot');
      const snapshot = String(rows[0]?.['snapshot']) as Snapshot;
      await writeSnapshot(session, this.#context.names, 'backup', snapshot);
      return snapshot;
    });
  }

  backupDone(): Promise<Snapshot | null> {
    return this.#alone(async (session) => {
      const { names } = this.#context;
      const snapshot = await readSnapshot(session, names, 'backup');
      if (snapshot !== null) await writeSnapshot(session, names, 'durable', snapshot);
      return snapshot;
    });
  }

  compact(seenSinceMs: number) {
    return this.#alone((session) => compact(session, this.#context.names, seenSinceMs));
  }

  /** For whoever runs the server: as long as it takes, and again where others stood in its way. */
  #alone<T>(work: (session: SqlSession) => Promise<T>): Promise<T> {
    return repeat(this.#deps.random, () =>
      this.#db.transaction(async (session) => {
        await session.script('SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0');
        return work(session);
      }),
    );
  }

  importRows(collection: string, rows: readonly ImportRow[]): Promise<void> {
    return importRows(this.#db, this.#context, collection, rows, this.#deps.random);
  }

  async counts(): Promise<Readonly<Record<string, number>>> {
    const { names, schema } = this.#context;
    const parts = [...schema.collections.keys()].map(
      (name) => `SELECT '${name}' AS name, (SELECT count(*) FROM ${names.table(name)}) AS count`,
    );
    const { rows } = await this.#db.query(parts.join(' UNION ALL '));
    return Object.fromEntries(rows.map((row) => [String(row['name']), Number(row['count'])]));
  }

  readAudit(request: AuditRequest) {
    return readAudit(this.#db, this.#context.names, request);
  }

  readOverridden(request: OverriddenRequest) {
    return readOverridden(this.#db, this.#context.names, request);
  }

  readBay(request: BayRequest) {
    return readBay(this.#db, this.#context.names, request);
  }

  findInBay(mutation: MutationId) {
    return findInBay(this.#db, this.#context.names, mutation);
  }

  onNews(listener: (scopes: readonly Scope[]) => void): () => void {
    // A function of its own, so that one listener given twice is stopped once.
    const own = (scopes: readonly Scope[]) => listener(scopes);
    this.#listeners.add(own);
    return () => {
      this.#listeners.delete(own);
    };
  }

  /** A payload is a JSON array of scopes; whatever else is said on the channel is not ours. */
  hear(payload: string): void {
    let said: unknown;
    try {
      said = JSON.parse(payload);
    } catch {
      return;
    }
    if (!Array.isArray(said)) return;
    const scopes = said.filter((each): each is Scope => typeof each === 'string');
    for (const listener of this.#listeners) listener(scopes);
  }

  close(): Promise<void> {
    this.#listeners.clear();
    return this.#db.close();
  }
}

class SqlTransaction implements ServerTransaction {
  readonly #session: SqlSession;
  readonly #context: SqlContext;
  readonly #deps: SqlStoreDeps;
  #reserved: readonly RecordKey[] = [];

  constructor(session: SqlSession, context: SqlContext, deps: SqlStoreDeps) {
    this.#session = session;
    this.#context = context;
    this.#deps = deps;
  }

  async meetDevice(device: DeviceId, user: UserId, floor?: Snapshot | null): Promise<'known' | 'taken'> {
    const { affected } = await this.#session.query(
      `INSERT INTO ${this.#context.names.hf('device')} AS d (id, user_id, first_seen, last_seen, floor)
       VALUES ($1::text::uuid, $2, to_timestamp($3::float8 / 1000), to_timestamp($3::float8 / 1000),
         pg_snapshot_xmin(coalesce($4::text::pg_snapshot, pg_current_snapshot())))
       ON CONFLICT (id) DO UPDATE SET last_seen = excluded.last_seen,
         floor = CASE WHEN $5 THEN excluded.floor ELSE d.floor END
       WHERE d.user_id = excluded.user_id`,
      [device, user, this.#deps.clock.now(), floor ?? null, floor !== undefined],
    );
    return affected === 1 ? 'known' : 'taken';
  }

  async load(request: LoadRequest) {
    const { loaded, reserved } = await loadRecords(this.#session, this.#context, request);
    this.#reserved = reserved;
    return loaded;
  }

  apply(effects: Effects) {
    return applyEffects(this.#session, this.#context, effects);
  }

  async acknowledge(device: DeviceId, receipts: readonly MutationId[]): Promise<void> {
    if (receipts.length === 0) return;
    await this.#session.query(
      `UPDATE ${this.#context.names.hf('applied')} SET acknowledged = true, body = NULL
       WHERE device = $1::text::uuid AND id = ANY($2::text[]::uuid[]) AND NOT acknowledged`,
      [device, receipts],
    );
  }

  async position(): Promise<Position> {
    const { rows } = await this.#session.query('SELECT pg_current_xact_id()::text AS position');
    return String(rows[0]?.['position']) as Position;
  }

  /** Before the commit: the places of records that were not created are given back. */
  async finish(): Promise<void> {
    if (this.#reserved.length > 0) await releaseReserved(this.#session, this.#context, this.#reserved);
  }
}
