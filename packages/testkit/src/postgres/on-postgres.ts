import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { administer, databaseAddress, newClient, SERVER, unreachable } from './test-server.ts';

/** A database of its own on the test server, and connections to it. */
export interface TestDatabase {
  readonly connectionString: string;
  /** A new connection, as any other program would have one. Closed at the end. */
  connect(role?: string): Promise<pg.Client>;
}

/**
 * Runs tests on a fresh database of a real Postgres, dropped after them. Where no server answers the tests
 * are not run: on CI that is a failure, elsewhere one test that says so.
 */
export async function onPostgres(title: string, tests: (database: () => TestDatabase) => void): Promise<void> {
  const reason = await unreachable();
  if (reason !== null) {
    test(`Postgres tests not run: ${title}: ${reason}`, () => {
      console.warn(`${title}: no Postgres at ${SERVER}; set HOLDFAST_TEST_POSTGRES`);
      expect(process.env['CI'], 'CI must have a Postgres').not.toBe('true');
    });
    return;
  }
  describe(title, () => {
    const name = `hf_test_${randomBytes(6).toString('hex')}`;
    const address = databaseAddress(name);
    const clients: pg.Client[] = [];
    const database: TestDatabase = {
      connectionString: address,
      connect: async (role) => {
        const own = new URL(address);
        if (role !== undefined) own.username = role;
        const client = await newClient(own.href);
        await client.connect();
        clients.push(client);
        return client;
      },
    };
    beforeAll(() => administer(`CREATE DATABASE ${name}`));
    afterAll(async () => {
      await Promise.all(clients.map((client) => client.end()));
      await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    });
    tests(() => database);
  });
}
