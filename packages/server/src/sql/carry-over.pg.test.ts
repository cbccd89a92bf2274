import {
  collection,
  dropField,
  lastWriteWins,
  manual,
  mapFields,
  renameCollection,
  renameField,
  type Schema,
  type Scope,
  schema,
} from '@holdfast/core';
import { onPostgres, sidecarProblems, systemPorts } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { postgresStore } from './postgres-store.ts';

const scopes = ['all'];
const first = schema({
  version: 1,
  collections: {
    visits: collection(
      { place: z.string(), minutes: z.int(), note: z.string().nullable() },
      { scopes, conflict: manual() },
    ),
    people: collection({ name: z.string() }, { scopes, conflict: lastWriteWins() }),
  },
});
const second = schema({
  version: 2,
  collections: {
    calls: collection({ where: z.string(), seconds: z.int() }, { scopes, conflict: manual() }),
    people: collection({ name: z.string() }, { scopes, conflict: lastWriteWins() }),
  },
  steps: {
    2: [
      renameCollection('visits', 'calls'),
      renameField('calls', 'place', 'where'),
      mapFields('calls', { from: ['minutes'], to: ['seconds'] }, ({ minutes }) => ({ seconds: Number(minutes) * 60 })),
      dropField('calls', 'note'),
    ],
  },
});
/** What whoever runs the server does to the app's tables before the newer one starts. */
const MIGRATION = `ALTER TABLE visits RENAME TO calls; ALTER TABLE calls RENAME COLUMN place TO "where";
  ALTER TABLE calls DISABLE TRIGGER ALL;
  ALTER TABLE calls ADD COLUMN seconds bigint; UPDATE calls SET seconds = minutes * 60;
  ALTER TABLE calls ALTER COLUMN seconds SET NOT NULL; ALTER TABLE calls DROP COLUMN minutes, DROP COLUMN note`;

await onPostgres('carrying the sidecars over a step', (database) => {
  const open = (of: Schema) =>
    postgresStore({ connectionString: database().connectionString, schema: of, connections: 2, ...systemPorts });

  test('[CF12] numbers, marks and the last content of deleted records follow the declared steps, once', async () => {
    const client = await database().connect();
    const before = await open(first);
    await before.importRows('visits', [
      { id: 'v1', values: { place: 'here', minutes: 1, note: 'x' } },
      { id: 'v2', values: { place: 'there', minutes: 2, note: null } },
    ]);
    await client.query(`UPDATE visits SET minutes = 3 WHERE id = 'v1'`);
    await client.query(`UPDATE visits SET place = 'home', note = 'y' WHERE id = 'v1'`);
    await client.query(`DELETE FROM visits WHERE id = 'v2'`);
    const request = {
      device: '01900000-0000-7000-8000-000000000000' as never,
      scopes: ['all' as Scope],
      after: null,
      limit: 100,
    };
    const old = await before.read({ ...request, since: null, collections: ['visits'] });
    const marks = async () => {
      const { rows } = await client.query(`SELECT marks FROM hf_record WHERE id = 'v1'`);
      return rows[0]?.['marks'] as Record<string, unknown[]>;
    };
    const was = await marks();
    await before.close();
    await client.query(MIGRATION);
    for (let times = 0; times < 2; times += 1) {
      const after = await open(second);
      const { rows } = await after.read({ ...request, since: null, collections: ['calls'] });
      expect(rows).toMatchObject([
        { id: 'v1', version: old.rows[0]?.version, values: { where: 'home', seconds: 180 } },
      ]);
      expect(await marks()).toEqual({ where: was['place'], seconds: was['minutes'] });
      // Who has read so far hears of nothing new.
      const since = { snapshot: old.snapshot, scopes: ['all' as Scope] };
      expect((await after.read({ ...request, since, collections: ['calls'] })).rows).toEqual([]);
      const records = [{ collection: 'calls', id: 'v2' }];
      const loaded = await after.transaction((tx) =>
        tx.load({ device: request.device, ids: [], records, parents: [] }),
      );
      expect(loaded.records.get('calls/v2')).toMatchObject({
        lastScopes: ['all'],
        state: { values: { where: 'there', seconds: 120 } },
      });
      expect(await sidecarProblems((text) => client.query(text), second)).toEqual([]);
      await after.close();
    }
  });

  test('[CF12] what cannot be carried over is forgotten, and the rest is not', async () => {
    const third = schema({
      version: 3,
      collections: {
        calls: collection({ where: z.string(), hours: z.int() }, { scopes, conflict: manual() }),
        people: collection({ name: z.string() }, { scopes, conflict: lastWriteWins() }),
      },
      steps: {
        2: second.lifts.get(2) ?? [],
        3: [mapFields('calls', { from: ['seconds'], to: ['hours'] }, () => null)],
      },
    });
    const client = await database().connect();
    await client.query(`ALTER TABLE calls DISABLE TRIGGER ALL; ALTER TABLE calls RENAME COLUMN seconds TO hours`);
    const store = await open(third);
    const { rows } = await client.query(`SELECT id, content, marks FROM hf_record WHERE deleted IS NOT NULL`);
    expect(rows).toEqual([{ id: 'v2', content: {}, marks: {} }]);
    expect(await store.counts()).toMatchObject({ calls: 1 });
    await store.close();
  });
});
