import { type DeviceId, HoldfastError, type Schema, STAMP_ZERO, type Stamp, type UserId } from '@holdfast/core';
import { beginLift } from '../lift/lift-store.ts';
import { writeShape } from '../lift/shape.ts';
import type { ReadTx, StorageDriver, WriteTx } from '../ports/storage-driver.ts';
import { readAgain } from '../sync/read-again.ts';
import { addColumnSql, LATER_COLUMNS, layoutOf, STORE_FORMAT, storeTables } from './tables.ts';

/** Who this store belongs to. */
export interface StoreIdentity {
  readonly device: DeviceId;
  readonly user: UserId;
}

/** A store's identity and clock as they were last written. */
export interface OpenedStore extends StoreIdentity {
  readonly clock: Stamp;
  /** What has to be added to this device's time to get the server's, in milliseconds. */
  readonly offsetMs: number;
}

/**
 * Makes the tables of a new store, or checks that this app may use an existing one.
 *
 * @throws HoldfastError `StoreNewer` where a newer app has written it; `WrongKey` where it is another user's
 */
export async function openStore(
  driver: StorageDriver,
  schema: Schema,
  user: UserId,
  newDevice: () => DeviceId,
): Promise<OpenedStore> {
  // Most starts change nothing, and then cost no durable write.
  const before = await driver.read(readIdentity);
  if (before !== null) {
    refuseForeign(before, schema, user);
    if (before.layout === layoutOf(schema) && before.schema === schema.version) return before;
  }
  return driver.write(async (tx) => {
    const existing = await readIdentity(tx);
    if (existing === null) return create(tx, schema, user, newDevice());
    refuseForeign(existing, schema, user);
    await addLaterColumns(tx);
    const lifting = await beginLift(tx, schema, existing.schema);
    const added = await addColumns(tx, schema);
    for (const sql of storeTables(schema)) await tx.run(sql);
    await lifting?.finish();
    if (added || lifting !== null) await readAgain(tx);
    await writeShape(tx, schema);
    await tx.run('UPDATE hf_device SET schema = ?, format = ?, layout = ?', [
      schema.version,
      STORE_FORMAT,
      layoutOf(schema),
    ]);
    return existing;
  });
}

interface StoredIdentity extends OpenedStore {
  readonly format: number;
  readonly schema: number;
  readonly layout: string;
}

function refuseForeign(store: StoredIdentity, schema: Schema, user: UserId): void {
  if (store.format > STORE_FORMAT || store.schema > schema.version) {
    throw new HoldfastError(
      'StoreNewer',
      `store ${store.format}.${store.schema}, app ${STORE_FORMAT}.${schema.version}`,
    );
  }
  if (store.user !== user) throw new HoldfastError('WrongKey', 'the store belongs to another user');
}

/** @throws HoldfastError `StoreNewer` where another tab has opened the store with a newer app meanwhile */
export async function refuseNewer(tx: ReadTx, schema: Schema): Promise<void> {
  const [row] = await tx.all('SELECT schema FROM hf_device');
  if ((row?.schema as number) > schema.version) throw new HoldfastError('StoreNewer', `schema ${row?.schema}`);
}

async function addLaterColumns(tx: WriteTx): Promise<void> {
  for (const [table, column, declaration, value] of LATER_COLUMNS) {
    const here = await tx.all('SELECT name FROM pragma_table_info(?)', [table]);
    if (here.length > 0 && !here.some(({ name }) => name === column)) {
      await tx.run(`ALTER TABLE ${table} ADD COLUMN ${column} ${declaration}`);
      if (value !== undefined) await tx.run(`UPDATE ${table} SET ${column} = ${value}`);
    }
  }
}

/** Fields that a newer schema added to collections that are here. True where there were any, or a new collection. */
async function addColumns(tx: WriteTx, schema: Schema): Promise<boolean> {
  let added = false;
  for (const collection of schema.collections.values()) {
    const rows = await tx.all('SELECT name FROM pragma_table_info(?)', [collection.name]);
    if (rows.length === 0) {
      // What came of it while the app did not know it was passed over.
      added = true;
      continue;
    }
    const here = new Set(rows.map((row) => row.name));
    for (const column of collection.columns.filter(({ name }) => !here.has(name))) {
      await tx.run(addColumnSql(collection, column));
      added = true;
    }
  }
  return added;
}

async function readIdentity(tx: ReadTx): Promise<StoredIdentity | null> {
  const tables = await tx.all(`SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'hf_device'`);
  if (tables.length === 0) return null;
  const [row] = await tx.all('SELECT * FROM hf_device');
  if (row === undefined) return null;
  return {
    format: row.format as number,
    schema: row.schema as number,
    layout: row.layout as string,
    device: row.device as DeviceId,
    user: row.user as UserId,
    clock: row.clock as Stamp,
    offsetMs: row.offset_ms as number,
  };
}

async function create(tx: WriteTx, schema: Schema, user: UserId, device: DeviceId): Promise<OpenedStore> {
  for (const sql of storeTables(schema)) await tx.run(sql);
  await writeShape(tx, schema);
  await tx.run(
    'INSERT INTO hf_device (one, format, schema, layout, device, user, clock, offset_ms) VALUES (1, ?, ?, ?, ?, ?, ?, 0)',
    [STORE_FORMAT, schema.version, layoutOf(schema), device, user, STAMP_ZERO],
  );
  await tx.run(
    `INSERT INTO hf_cursor (one, generation, epoch, snapshot, scopes, catch_up, staged_records, staged_bytes, last_sync)
     VALUES (1, 0, NULL, NULL, '[]', NULL, 0, 0, NULL)`,
  );
  return { device, user, clock: STAMP_ZERO, offsetMs: 0 };
}
