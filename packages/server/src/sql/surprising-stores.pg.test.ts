import {
  collection,
  type DeviceId,
  inherit,
  must,
  ref,
  type Scope,
  schema,
  type UserId,
  VERSION_NONE,
} from '@holdfast/core';
import { clinic, MutationMaker, onPostgres, requestOf, systemPorts } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { createExchange } from '../exchange/create-exchange.ts';
import { postgresStore } from './postgres-store.ts';

const contacts = { name: z.string(), mentorId: z.string().nullable() };
const notes = collection({ contactId: ref('contacts'), text: z.string() }, { scopes: [inherit('contactId')] });
const open = schema({
  version: 1,
  collections: { contacts: collection(contacts, { scopes: ['everyone', 'mentor:{mentorId}'] }), notes },
});
const narrow = schema({
  version: 2,
  collections: { contacts: collection(contacts, { scopes: ['mentor:{mentorId}'] }), notes },
});

await onPostgres('a schema that says anew who may see what', (database) => {
  test('[SV5] what a schema takes out of a scope is out of it at the next start, children too', async () => {
    const { connectionString } = database();
    const before = await postgresStore({ connectionString, schema: open, ...systemPorts });
    await before.importRows('contacts', [{ id: 'c1', values: { name: 'Ada', mentorId: 'ada' } }]);
    await before.importRows('notes', [{ id: 'n1', values: { contactId: 'c1', text: 'hers' } }]);
    await before.close();
    const after = await postgresStore({ connectionString, schema: narrow, ...systemPorts });
    const present = async (scope: string) => {
      const device = '01900000-0000-7000-8000-000000000000' as DeviceId;
      const request = { device, since: null, collections: ['contacts', 'notes'], after: null, limit: 10 };
      const { rows } = await after.read({ ...request, scopes: [scope as Scope] });
      return rows.filter((row) => row.present).map((row) => row.id);
    };
    expect([await present('everyone'), await present('mentor:ada')]).toEqual([[], ['c1', 'n1']]);
    await after.close();
  });
});

await onPostgres('rows that are large', (database) => {
  test('[SV6] are cut by their bytes in the database, one at least, and the rest is said to be there', async () => {
    const store = await postgresStore({
      connectionString: database().connectionString,
      schema: clinic,
      ...systemPorts,
    });
    const name = 'x'.repeat(50_000);
    const rows = ['c1', 'c2', 'c3'].map((id) => ({ id, values: { name, phone: null, mentorId: 'ada' } }));
    await store.importRows('contacts', rows);
    const device = '01900000-0000-7000-8000-000000000000' as DeviceId;
    const scopes = ['mentor:ada' as Scope];
    const request = { device, scopes, since: null, collections: ['contacts'], after: null, limit: 100 };
    const read = async (maxBytes: number) => {
      const { rows: found, more } = await store.read({ ...request, maxBytes });
      return [found.length, more];
    };
    expect([await read(1), await read(60_000), await read(1e9)]).toEqual([
      [1, true],
      [2, true],
      [3, false],
    ]);
    await store.close();
  });
});

await onPostgres('devices that change one parent and add to it', (database) => {
  test('[SV7] do not wait for each other in a circle', async () => {
    const { connectionString } = database();
    const store = await postgresStore({ connectionString, schema: clinic, ...systemPorts });
    const exchange = createExchange({ store, schema: clinic, clock: systemPorts.clock });
    const make = new MutationMaker();
    await store.importRows('contacts', [{ id: 'c1', values: { name: 'a', phone: null, mentorId: 'ada' } }]);
    const who = { user: 'ada' as UserId, role: 'coordinator', scopes: ['mentor:ada' as Scope] };
    const work = async (device: number) => {
      for (let turn = 0; turn < 3; turn += 1) {
        const dose = { contactId: 'c1', drug: 'x', amount: 1, unit: 'mg' };
        const mutations = [
          make.update({
            collection: 'contacts',
            record: 'c1',
            values: { name: `${device}${turn}` },
            base: VERSION_NONE,
          }),
          make.create({ collection: 'doses', record: `d${device}${turn}`, values: dose }),
        ];
        const id = `01900000-0000-7000-8000-00000000000${device}` as DeviceId;
        const answer = await exchange(who, requestOf(id, { mutations }));
        expect(answer.ok).toBe(true);
      }
    };
    await Promise.all([1, 2, 3].map(work));
    expect(await store.counts()).toMatchObject({ doses: 9 });
    await store.close();
    // Its own counter of them: sessions hand it over when they end.
    const client = await database().connect();
    const { rows } = await client.query('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()');
    expect(Number(must(rows[0], 'the statistics').deadlocks)).toBe(0);
  });
});
