import { type DeviceId, HoldfastError, type Schema, STAMP_ZERO, type Stamp, type UserId } from '@holdfast/core';
import type { StorageDriver, WriteTx } from '../ports/storage-driver.ts';
import { STORE_FORMAT, storeTables } from './tables.ts';

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
  return driver.write(async (tx) => {
    const existing = await readIdentity(tx);
    if (existing === null) return create(tx, schema, user, newDevice());
    if (existing.format > STORE_FORMAT || existing.schema > schema.version) {
      throw new HoldfastError(
        'StoreNewer',
        `store ${existing.format}.${existing.schema}, app ${STORE_FORMAT}.${schema.version}`,
      );
    }
    if (existing.user !== user) throw new HoldfastError('WrongKey', 'the store belongs to another user');
    // A new collection or index of a newer schema; a changed column is the migrations' business.
    for (const sql of storeTables(schema)) await tx.run(sql);
    await tx.run('UPDATE hf_device SET schema = ?, format = ?', [schema.version, STORE_FORMAT]);
    return existing;
  });
}

async function readIdentity(tx: WriteTx): Promise<(OpenedStore & { format: number; schema: number }) | null> {
  const tables = await tx.all(`SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'hf_device'`);
  if (tables.length === 0) return null;
  const [row] = await tx.all('SELECT * FROM hf_device');
  if (row === undefined) return null;
  return {
    format: row.format as number,
    schema: row.schema as number,
    device: row.device as DeviceId,
    user: row.user as UserId,
    clock: row.clock as Stamp,
    offsetMs: row.offset_ms as number,
  };
}

async function create(tx: WriteTx, schema: Schema, user: UserId, device: DeviceId): Promise<OpenedStore> {
  for (const sql of storeTables(schema)) await tx.run(sql);
  await tx.run(
    'INSERT INTO hf_device (one, format, schema, device, user, clock, offset_ms) VALUES (1, ?, ?, ?, ?, ?, 0)',
    [STORE_FORMAT, schema.version, device, user, STAMP_ZERO],
  );
  await tx.run(
    `INSERT INTO hf_cursor (one, generation, epoch, snapshot, scopes, catch_up, staged_records, staged_bytes, last_sync)
     VALUES (1, 0, NULL, NULL, '[]', NULL, 0, 0, NULL)`,
  );
  return { device, user, clock: STAMP_ZERO, offsetMs: 0 };
}
