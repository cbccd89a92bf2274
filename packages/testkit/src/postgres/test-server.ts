import type pg from 'pg';

/** The Postgres that tests make their databases on. */
export const SERVER = process.env['HOLDFAST_TEST_POSTGRES'] ?? 'postgres://postgres@127.0.0.1:5432/postgres';

/** Where a database of this name is on it. */
export function databaseAddress(name: string): string {
  const address = new URL(SERVER);
  address.pathname = `/${name}`;
  return address.href;
}

/** Runs one statement on the test server itself. */
export async function administer(text: string): Promise<void> {
  const client = await newClient(SERVER);
  await client.connect();
  try {
    await client.query(text);
  } finally {
    await client.end();
  }
}

// Loaded when a test needs it: most tests that use this package have no Postgres.
export async function newClient(connectionString: string): Promise<pg.Client> {
  const { default: driver } = await import('pg');
  return new driver.Client({ connectionString });
}

/** Why no server answers; null where one does. */
export async function unreachable(): Promise<string | null> {
  try {
    await administer('SELECT 1');
    return null;
  } catch (error) {
    return error instanceof Error ? error.message || 'no answer' : String(error);
  }
}
