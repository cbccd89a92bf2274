import { randomBytes } from 'node:crypto';
import { pgliteStore, postgresStore, type ServerStore } from '@holdfast/server';
import { administer, databaseAddress, unreachable } from '../postgres/test-server.ts';
import { type Chance, createChance } from './chance.ts';
import { type History, runOnDatabase } from './run-history.ts';
import { WORLD_START_MS } from './sim-clock.ts';
import { NEWEST, schemaOf } from './sim-schema.ts';

export type DatabaseKind = 'PGlite' | 'Postgres';

interface Ports {
  readonly clock: { now(): number };
  readonly random: Chance;
}

const schema = schemaOf(NEWEST);

/** One history with the server on a fresh database of this kind. */
export async function runOn(kind: DatabaseKind, seed: number, steps: number): Promise<History> {
  // Its time stands still: what it stamps is never ahead of a device.
  const ports: Ports = { clock: { now: () => WORLD_START_MS }, random: createChance(seed) };
  const opened = await (kind === 'PGlite' ? openPglite(ports) : openPostgres(ports));
  try {
    return await runOnDatabase(seed, steps, opened.store);
  } finally {
    await opened.close();
  }
}

/** The kinds that can be had here. */
export async function reachableKinds(): Promise<readonly DatabaseKind[]> {
  return (await unreachable()) === null ? ['PGlite', 'Postgres'] : ['PGlite'];
}

interface Opened {
  readonly store: ServerStore;
  close(): Promise<void>;
}

async function openPglite(ports: Ports): Promise<Opened> {
  const store = await pgliteStore({ folder: null, schema, ...ports });
  return { store, close: () => store.close() };
}

async function openPostgres(ports: Ports): Promise<Opened> {
  const name = `hf_sim_${randomBytes(6).toString('hex')}`;
  await administer(`CREATE DATABASE ${name}`);
  const drop = () => administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  try {
    const store = await postgresStore({ connectionString: databaseAddress(name), schema, connections: 4, ...ports });
    return {
      store,
      async close() {
        await store.close();
        await drop();
      },
    };
  } catch (error) {
    await drop();
    throw error;
  }
}
