import { markOf, must, validateFields, versionCount, versionEpoch, versionOf } from '@holdfast/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { nasty } from '../nasty-values.ts';
import { contractSchema } from './contract-schema.ts';
import {
  ADA,
  type ContractWorld,
  contact,
  detailOf,
  effectsOf,
  freshId,
  freshMutation,
  freshStamp,
  loadIn,
  NOTHING_ELSE,
  recordOf,
  sample,
  scope,
  type Values,
} from './contract-world.ts';

/** Records, their versions and their field marks. */
export function recordContract(current: () => ContractWorld): void {
  describe('records', () => {
    test('[SV4] a record comes back with every kind of value as it was written', async () => {
      const { write, record } = current();
      const full = sample({
        team: 'a',
        label: 'Größe "é" \\ 🙂\n',
        count: Number.MAX_SAFE_INTEGER,
        ratio: 0.1,
        done: false,
        day: '2024-02-29',
        at: '2024-02-29T23:59:59.123+05:30',
        extra: { list: [1, 2.5, null, { deep: true }], text: 'x', empty: {} },
        dose: -1.5e-7,
        unit: 'ml',
      });
      const [first, second] = [freshId('s'), freshId('s')];
      await write(
        { kind: 'insert', collection: 'samples', id: first, values: full },
        { kind: 'insert', collection: 'samples', id: second, values: sample({ extra: [] }) },
      );
      expect((await record('samples', first))?.state.values).toEqual(full);
      expect((await record('samples', second))?.state.values).toEqual(sample({ extra: [] }));
    });

    test('[SV4, WR2] whatever is taken comes back unchanged: inserted, changed, read and deleted', async () => {
      const { write, record, read, store } = current();
      const team = freshId('team');
      const samples = must(contractSchema.collections.get('samples'), 'samples');
      const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 8 });
      const given = fc.record({
        label: nasty.text,
        count: maybe(nasty.integer),
        ratio: maybe(nasty.real),
        done: maybe(nasty.boolean),
        day: maybe(nasty.date),
        at: maybe(nasty.instant),
        extra: maybe(nasty.json),
        dose: nasty.real,
        unit: fc.constantFrom('mg', 'ml'),
      });
      // What is refused is left out, field by field, so that the rest is tried.
      const taken = (values: Values) => {
        const kept = Object.entries(values).filter(
          ([field, value]) => validateFields(samples, null, { [field]: value }, 'update').ok,
        );
        const checked = validateFields(samples, null, { ...sample({ team }), ...Object.fromEntries(kept) }, 'create');
        return checked.ok ? checked.values : sample({ team });
      };
      await fc.assert(
        fc.asyncProperty(fc.array(fc.tuple(given, given), { minLength: 1, maxLength: 12 }), async (pairs) => {
          const rows = pairs.map(([first, second]) => {
            return { id: freshId('s'), first: taken(first as Values), second: taken(second as Values) };
          });
          const at = { collection: 'samples' } as const;
          await write(...rows.map(({ id, first }) => ({ ...at, kind: 'insert' as const, id, values: first })));
          const since = { snapshot: (await read([scope(`team:${team}`)])).snapshot, scopes: [scope(`team:${team}`)] };
          for (const { id, first } of rows) expect((await record('samples', id))?.state.values).toEqual(first);
          await write(...rows.map(({ id, second }) => ({ ...at, kind: 'update' as const, id, values: second })));
          const seen = new Map((await read(since.scopes, since)).rows.map(({ id, values }) => [id, values]));
          for (const { id, second } of rows) expect(seen.get(id)).toEqual(second);
          await write(...rows.map(({ id }) => ({ ...at, kind: 'delete' as const, id })));
          for (const { id, second } of rows) expect((await record('samples', id))?.state.values).toEqual(second);
        }),
        { numRuns: store.kind === 'memory' ? 100 : 25 },
      );
    });

    test('[CF1] a new record has count 1 and one mark, its creation', async () => {
      const { store, write, record } = current();
      const id = freshId('c');
      const stamp = freshStamp();
      const tie = freshMutation();
      await write({ kind: 'insert', collection: 'contacts', id, values: contact(), stamp, tie });
      const state = must(await record('contacts', id), 'the record').state;
      const version = versionOf(store.epoch, 1);
      expect(state.version).toBe(version);
      expect(state.created).toEqual({ version, stamp, tie, by: ADA, authority: 'mentor' });
      expect(state.deleted).toBeNull();
      for (const field of Object.keys(contact())) expect(markOf(state, field)).toEqual(state.created);
    });

    test('[CF1] an update marks the fields it names, with the stamp of each, and no others', async () => {
      const { store, write, record } = current();
      const id = freshId('c');
      await write({ kind: 'insert', collection: 'contacts', id, values: contact() });
      const before = must(await record('contacts', id), 'the record').state;
      const [early, late] = [freshStamp(), freshStamp()];
      const [one, other] = [freshMutation(), freshMutation()];
      await store.transaction(async (tx) => {
        await loadIn(tx, [{ collection: 'contacts', id }]);
        const changes = [
          { values: { name: 'Grace' }, stamp: late, tie: one },
          { values: { phone: '555' }, stamp: early, tie: other },
        ];
        const batch = { collection: 'contacts', kind: 'update' as const, rows: [{ id, changes }] };
        expect(
          await tx.apply({ batches: [batch], applied: [], ...NOTHING_ELSE, by: ADA, authority: null }),
        ).toMatchObject({ ok: true });
      });
      const { state } = must(await record('contacts', id), 'the record');
      const version = versionOf(store.epoch, 2);
      expect(state.version).toBe(version);
      expect(state.values).toEqual(contact({ name: 'Grace', phone: '555' }));
      expect(markOf(state, 'name')).toEqual({ version, stamp: late, tie: one, by: ADA, authority: null });
      expect(markOf(state, 'phone')).toEqual({ version, stamp: early, tie: other, by: ADA, authority: null });
      expect(markOf(state, 'mentorId')).toEqual(before.created);
    });

    test('[WR5] a field that is named counts as changed, its value being the same', async () => {
      const { store, write, record, read } = current();
      const id = freshId('c');
      const team = freshId('r');
      await write({ kind: 'insert', collection: 'contacts', id, values: contact({ region: team }) });
      const stamp = freshStamp();
      const at = await write({ kind: 'update', collection: 'contacts', id, values: { name: 'Ada' }, stamp });
      const { state } = must(await record('contacts', id), 'the record');
      expect(state.version).toBe(versionOf(store.epoch, 2));
      expect(markOf(state, 'name').stamp).toBe(stamp);
      const [row] = (await read([`region:${team}` as never])).rows;
      expect(row?.changedIn).toEqual({ name: at });
      expect(row?.stamp).toBe(stamp);
    });

    test('[CF1] one batch writes many records with different fields each', async () => {
      const { store, write, record } = current();
      const ids = Array.from({ length: 5 }, () => freshId('c'));
      await write(...ids.map((id) => ({ kind: 'insert' as const, collection: 'contacts', id, values: contact() })));
      const fields = ['name', 'phone', 'mentorId', 'region', 'name'];
      await store.transaction(async (tx) => {
        await loadIn(
          tx,
          ids.map((id) => ({ collection: 'contacts', id })),
        );
        const rows = ids.map((id, index) => ({
          id,
          changes: [
            { values: { [must(fields[index], 'a field')]: `new ${index}` }, stamp: freshStamp(), tie: freshMutation() },
          ],
        }));
        const batch = { collection: 'contacts', kind: 'update' as const, rows };
        expect(
          await tx.apply({ batches: [batch], applied: [], ...NOTHING_ELSE, by: ADA, authority: null }),
        ).toMatchObject({ ok: true });
      });
      for (const [index, id] of ids.entries()) {
        const { state } = must(await record('contacts', id), 'the record');
        expect(state.values).toEqual({ ...contact(), [must(fields[index], 'a field')]: `new ${index}` });
        expect(versionCount(state.version)).toBe(2);
      }
    });

    test('[CF9] a deleted record keeps its last content and the scopes it was in', async () => {
      const { store, write, record } = current();
      const id = freshId('c');
      const values = contact({ mentorId: freshId('m'), region: freshId('r') });
      await write({ kind: 'insert', collection: 'contacts', id, values });
      const stamp = freshStamp();
      const tie = freshMutation();
      await write({ kind: 'delete', collection: 'contacts', id, stamp, tie });
      const deleted = must(await record('contacts', id), 'the deleted record');
      const version = versionOf(store.epoch, 2);
      expect(deleted.state.values).toEqual(values);
      expect(deleted.state.version).toBe(version);
      expect(deleted.state.deleted).toEqual({ version, stamp, tie, by: ADA, authority: 'mentor' });
      expect(deleted.scopes).toEqual([]);
      expect([...deleted.lastScopes].sort()).toEqual([`mentor:${values.mentorId}`, `region:${values.region}`]);
    });

    test('[CF9] a record brought back goes on counting and lives', async () => {
      const { store, write, record } = current();
      const id = freshId('c');
      await write({ kind: 'insert', collection: 'contacts', id, values: contact({ region: 'north' }) });
      await write({ kind: 'update', collection: 'contacts', id, values: { name: 'Grace' } });
      await write({ kind: 'delete', collection: 'contacts', id });
      const [old, young] = [freshStamp(), freshStamp()];
      await store.transaction(async (tx) => {
        await loadIn(tx, [{ collection: 'contacts', id }]);
        const changes = [
          { values: contact({ name: 'Grace', region: 'north' }), stamp: old, tie: freshMutation() },
          { values: { phone: '1' }, stamp: young, tie: freshMutation() },
        ];
        const batch = { collection: 'contacts', kind: 'insert' as const, rows: [{ id, changes }] };
        expect(
          await tx.apply({ batches: [batch], applied: [], ...NOTHING_ELSE, by: ADA, authority: null }),
        ).toMatchObject({ ok: true });
      });
      const back = must(await record('contacts', id), 'the record');
      expect(back.state.version).toBe(versionOf(store.epoch, 4));
      expect(back.state.deleted).toBeNull();
      expect(back.state.values).toEqual(contact({ name: 'Grace', phone: '1', region: 'north' }));
      expect(markOf(back.state, 'name')).toMatchObject({ version: back.state.version, stamp: old });
      expect(markOf(back.state, 'phone')).toMatchObject({ version: back.state.version, stamp: young });
      expect(back.scopes).toEqual(['region:north']);
      expect(back.lastScopes).toEqual([]);
    });

    test('[SV1] several writes of one record in one transaction each raise its count', async () => {
      const { store, write, record } = current();
      const id = freshId('c');
      await write(
        { kind: 'insert', collection: 'contacts', id, values: contact() },
        { kind: 'update', collection: 'contacts', id, values: { name: 'Grace' } },
        { kind: 'delete', collection: 'contacts', id },
        { kind: 'insert', collection: 'contacts', id, values: contact({ name: 'Joan' }) },
      );
      const { state } = must(await record('contacts', id), 'the record');
      expect(state.version).toBe(versionOf(store.epoch, 4));
      expect(state.values).toEqual(contact({ name: 'Joan' }));
    });

    test('[SV7] what the store refuses leaves nothing, and the transaction goes on', async () => {
      const { store, write, record } = current();
      const [there, fresh] = [freshId('c'), freshId('c')];
      await write({ kind: 'insert', collection: 'contacts', id: there, values: contact() });
      await store.transaction(async (tx) => {
        await loadIn(tx, [
          { collection: 'contacts', id: there },
          { collection: 'contacts', id: fresh },
        ]);
        const twice = await tx.apply(
          effectsOf([
            { kind: 'insert', collection: 'contacts', id: fresh, values: contact({ name: 'lost' }) },
            { kind: 'insert', collection: 'contacts', id: there, values: contact({ name: 'lost' }) },
          ]),
        );
        expect(detailOf(twice)).toEqual(expect.any(String));
        const good = await tx.apply(
          effectsOf([{ kind: 'update', collection: 'contacts', id: there, values: { name: 'Grace' } }]),
        );
        expect(good.ok).toBe(true);
      });
      expect(await record('contacts', fresh)).toBeNull();
      expect((await record('contacts', there))?.state.values['name']).toBe('Grace');
    });

    test('[SV7] changing or deleting what is not there is refused', async () => {
      const { store } = current();
      const id = freshId('c');
      await store.transaction(async (tx) => {
        await loadIn(tx, [{ collection: 'contacts', id }]);
        for (const kind of ['update', 'delete'] as const) {
          const values = kind === 'update' ? { values: { name: 'x' } } : {};
          const done = await tx.apply(effectsOf([{ kind, collection: 'contacts', id, ...values }]));
          expect(detailOf(done)).toEqual(expect.any(String));
        }
      });
    });

    test('[SV7] work that throws leaves nothing', async () => {
      const { store, writeIn, record } = current();
      const id = freshId('c');
      const stop = new Error('stop');
      const thrown = store.transaction(async (tx) => {
        await writeIn(tx, { kind: 'insert', collection: 'contacts', id, values: contact() });
        throw stop;
      });
      await expect(thrown).rejects.toBe(stop);
      expect(await record('contacts', id)).toBeNull();
    });

    test('[SV4] imported rows are records with no author; only what differs is a change', async () => {
      const { store, read, record } = current();
      const region = freshId('r');
      const scopes = [`region:${region}` as never];
      const ids = [freshId('c'), freshId('c')];
      const rows = ids.map((id) => ({ id, values: contact({ region }) }));
      await store.importRows('contacts', rows);
      const first = must(await record('contacts', must(ids[0], 'an id')), 'the record').state;
      expect(first.values).toEqual(contact({ region }));
      expect(first.created).toMatchObject({ by: null, authority: null });
      expect(versionEpoch(first.version)).toBe(store.epoch);
      const since = { snapshot: (await read(scopes)).snapshot, scopes };
      await store.importRows('contacts', [
        must(rows[0], 'a row'),
        { id: must(ids[1], 'an id'), values: contact({ region, phone: '7' }) },
      ]);
      const news = await read(scopes, since);
      expect(news.rows.map((row) => [row.id, Object.keys(row.changedIn), versionCount(row.version)])).toEqual([
        [ids[1], ['phone'], 2],
      ]);
      const changed = must(await record('contacts', must(ids[1], 'an id')), 'the record').state;
      expect(markOf(changed, 'phone').by).toBeNull();
      expect(markOf(changed, 'phone').stamp > changed.created.stamp).toBe(true);
    });

    test('[SV4] counts tells how many records live', async () => {
      const { store, write } = current();
      const before = await store.counts();
      const ids = [freshId('c'), freshId('c'), freshId('c')];
      await write(...ids.map((id) => ({ kind: 'insert' as const, collection: 'contacts', id, values: contact() })));
      await write({ kind: 'delete', collection: 'contacts', id: must(ids[0], 'an id') });
      const after = await store.counts();
      expect(must(after['contacts'], 'a count') - must(before['contacts'], 'a count')).toBe(2);
      expect(after['samples']).toBe(before['samples']);
    });

    test('a record that never was is not loaded', async () => {
      const { store } = current();
      const id = freshId('c');
      await store.transaction(async (tx) => {
        expect(recordOf(await loadIn(tx, [{ collection: 'contacts', id }]), 'contacts', id)).toBeNull();
      });
      expect(await current().record('contacts', id)).toBeNull();
    });
  });
}
