import { must, type Scope, scopesOf } from '@holdfast/core';
import { describe, expect, test } from 'vitest';
import { contractSchema } from './contract-schema.ts';
import { activity, type ContractWorld, contact, freshId, loadIn, rowOf, scope, type Values } from './contract-world.ts';

/** Which scopes a record is in, by template and by inheritance. */
export function scopeContract(current: () => ContractWorld): void {
  const place = () => {
    const [m, r] = [freshId('m'), freshId('r')];
    return { m, r, mentor: scope(`mentor:${m}`), region: scope(`region:${r}`) };
  };
  const scopesNow = async (collection: string, id: string): Promise<Scope[]> =>
    [...must(await current().record(collection, id), `${collection}/${id}`).scopes].sort();

  describe('scopes', () => {
    test('[SV5] a record is in every scope its values name', async () => {
      const { write, read } = current();
      const id = freshId('c');
      const { m, r, mentor, region } = place();
      const values = contact({ mentorId: m, region: r });
      const at = await write({ kind: 'insert', collection: 'contacts', id, values });
      expect(await scopesNow('contacts', id)).toEqual([mentor, region]);
      for (const each of [mentor, region]) {
        const row = rowOf(await read([each]), id, each);
        expect(row).toMatchObject({ present: true, entered: at, createdIn: at, collection: 'contacts' });
        expect(row.values).toEqual(values);
      }
    });

    test('[SV5] a null or empty value gives no scope, odd text gives its own', async () => {
      const { write } = current();
      for (const value of [null, '', ' ', '0', 'a:b', "o'hara", '{m}', '\\', 'Zoë 🙂']) {
        const id = freshId('c');
        const values = contact({ mentorId: value });
        await write({ kind: 'insert', collection: 'contacts', id, values });
        const contacts = must(contractSchema.collections.get('contacts'), 'contacts');
        expect(await scopesNow('contacts', id)).toEqual(scopesOf(contractSchema, contacts, id, values, () => null));
      }
    });

    test('[SY12] leaving a scope puts a remove into it; other scopes keep their entry', async () => {
      const { write, read, cursor } = current();
      const id = freshId('c');
      const [from, to] = [place(), place()];
      const values = contact({ mentorId: from.m, region: from.r });
      const at = await write({ kind: 'insert', collection: 'contacts', id, values });
      const scopes = [from.mentor, from.region, to.mentor];
      const since = await cursor(scopes);
      const moved = await write({ kind: 'update', collection: 'contacts', id, values: { mentorId: to.m } });
      const news = await read(scopes, since);
      expect(news.rows).toHaveLength(3);
      expect(rowOf(news, id, from.mentor)).toMatchObject({ present: false, values: null });
      expect(rowOf(news, id, from.region)).toMatchObject({
        present: true,
        entered: at,
        changedIn: { mentorId: moved },
      });
      expect(rowOf(news, id, to.mentor)).toMatchObject({ present: true, entered: moved, createdIn: at });
    });

    test('[SY12] who comes back into a scope enters anew', async () => {
      const { write, read } = current();
      const id = freshId('c');
      const [home, away] = [place(), place()];
      await write({ kind: 'insert', collection: 'contacts', id, values: contact({ mentorId: home.m }) });
      await write({ kind: 'update', collection: 'contacts', id, values: { mentorId: away.m } });
      const back = await write({ kind: 'update', collection: 'contacts', id, values: { mentorId: home.m } });
      expect(rowOf(await read([home.mentor]), id, home.mentor)).toMatchObject({ present: true, entered: back });
    });

    test('[CF9] a deleted record leaves all its scopes; brought back it enters anew', async () => {
      const { write, read, cursor } = current();
      const id = freshId('c');
      const { m, r, mentor, region } = place();
      const values = contact({ mentorId: m, region: r });
      await write({ kind: 'insert', collection: 'contacts', id, values });
      const since = await cursor([mentor, region]);
      await write({ kind: 'delete', collection: 'contacts', id });
      const gone = await read([mentor, region], since);
      expect(gone.rows.map((row) => [row.present, row.values])).toEqual([
        [false, null],
        [false, null],
      ]);
      expect((await read([mentor, region])).rows).toEqual([]);
      const back = await write({ kind: 'insert', collection: 'contacts', id, values });
      const again = await read([mentor, region], since);
      expect(again.rows.map((row) => [row.present, row.entered, row.createdIn])).toEqual([
        [true, back, back],
        [true, back, back],
      ]);
    });

    test('[SV3] the feed has one row a record and scope, however often it changes', async () => {
      const { write, read } = current();
      const id = freshId('c');
      const { m, mentor } = place();
      await write({ kind: 'insert', collection: 'contacts', id, values: contact({ mentorId: m }) });
      const since = { snapshot: '1:1:' as never, scopes: [mentor] };
      for (let i = 0; i < 5; i += 1) {
        await write({ kind: 'update', collection: 'contacts', id, values: { name: `name ${i}` } });
      }
      expect((await read([mentor], since)).rows).toHaveLength(1);
    });
  });

  describe('inherited scopes', () => {
    const family = async (values: Values, children = 2) => {
      const { write } = current();
      const parent = freshId('c');
      const ids = Array.from({ length: children }, () => freshId('a'));
      await write(
        { kind: 'insert', collection: 'contacts', id: parent, values },
        ...ids.map((id) => ({ kind: 'insert' as const, collection: 'activities', id, values: activity(parent) })),
      );
      return { parent, ids };
    };

    test('[SV5] a child is in the scopes of its parent', async () => {
      const { read } = current();
      const { m, r, mentor, region } = place();
      const { parent, ids } = await family(contact({ mentorId: m, region: r }));
      for (const id of ids) expect(await scopesNow('activities', id)).toEqual([mentor, region]);
      const rows = (await read([mentor])).rows.map((row) => row.id);
      expect(rows).toEqual([parent, ...[...ids].sort()]);
    });

    test('[SY12] children move with their parent, with no new version of their own', async () => {
      const { write, read, cursor, record } = current();
      const [from, to] = [place(), place()];
      const { parent, ids } = await family(contact({ mentorId: from.m, region: from.r }));
      const id = must(ids[0], 'a child');
      const before = must(await record('activities', id), 'the child').state.version;
      const since = await cursor([from.mentor, from.region, to.mentor]);
      const at = await write({ kind: 'update', collection: 'contacts', id: parent, values: { mentorId: to.m } });
      expect(await scopesNow('activities', id)).toEqual([to.mentor, from.region].sort());
      const news = await read([from.mentor, from.region, to.mentor], since);
      for (const child of ids) {
        expect(rowOf(news, child, from.mentor)).toMatchObject({ present: false });
        expect(rowOf(news, child, to.mentor)).toMatchObject({ present: true, entered: at, version: before });
      }
    });

    test('[SY10] a change of the parent that moves nothing does not touch its children', async () => {
      const { write, read, cursor } = current();
      const { m, mentor } = place();
      const { parent } = await family(contact({ mentorId: m }));
      const since = await cursor([mentor]);
      await write({ kind: 'update', collection: 'contacts', id: parent, values: { name: 'Grace' } });
      expect((await read([mentor], since)).rows.map((row) => row.id)).toEqual([parent]);
    });

    test('[SY12] a child that changes its parent changes its scopes', async () => {
      const { write } = current();
      const [from, to] = [place(), place()];
      const { ids } = await family(contact({ mentorId: from.m }));
      const other = await family(contact({ mentorId: to.m }), 0);
      const id = must(ids[0], 'a child');
      await write({ kind: 'update', collection: 'activities', id, values: { contactId: other.parent } });
      expect(await scopesNow('activities', id)).toEqual([to.mentor]);
      await write({ kind: 'update', collection: 'activities', id, values: { contactId: null } });
      expect(await scopesNow('activities', id)).toEqual([]);
    });

    test('[SY12] a deleted parent takes its children out of its scopes, and brings them back', async () => {
      const { write, read } = current();
      const { m, mentor } = place();
      const values = contact({ mentorId: m });
      const { parent, ids } = await family(values);
      const id = must(ids[0], 'a child');
      await write({ kind: 'delete', collection: 'contacts', id: parent });
      expect(await scopesNow('activities', id)).toEqual([]);
      const back = await write({ kind: 'insert', collection: 'contacts', id: parent, values });
      expect(await scopesNow('activities', id)).toEqual([mentor]);
      expect(rowOf(await read([mentor]), id, mentor)).toMatchObject({ entered: back });
    });

    test('[OB2] a child that came before its parent enters with it', async () => {
      const { write } = current();
      const { m, mentor } = place();
      const [parent, id] = [freshId('c'), freshId('a')];
      await write({ kind: 'insert', collection: 'activities', id, values: activity(parent) });
      expect(await scopesNow('activities', id)).toEqual([]);
      await write({ kind: 'insert', collection: 'contacts', id: parent, values: contact({ mentorId: m }) });
      expect(await scopesNow('activities', id)).toEqual([mentor]);
    });

    test('[SV5] load brings the parents that the records inherit from', async () => {
      const { store } = current();
      const { m, mentor } = place();
      const { parent, ids } = await family(contact({ mentorId: m }));
      const id = must(ids[0], 'a child');
      await store.transaction(async (tx) => {
        const loaded = await loadIn(tx, [{ collection: 'activities', id }]);
        expect([...loaded.records.keys()].sort()).toEqual([`activities/${id}`, `contacts/${parent}`]);
        expect(loaded.records.get(`contacts/${parent}`)?.scopes).toEqual([mentor]);
      });
    });

    test('[CF9] a deleted child remembers the scopes it inherited', async () => {
      const { write, record } = current();
      const { m, mentor } = place();
      const { parent, ids } = await family(contact({ mentorId: m }));
      const id = must(ids[0], 'a child');
      await write({ kind: 'delete', collection: 'activities', id });
      await write({ kind: 'update', collection: 'contacts', id: parent, values: { mentorId: freshId('m') } });
      expect(await record('activities', id)).toMatchObject({ scopes: [], lastScopes: [mentor] });
    });
  });
}
