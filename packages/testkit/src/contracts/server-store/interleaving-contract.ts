import { must } from '@holdfast/core';
import type { FeedRow } from '@holdfast/server';
import { describe, expect, test } from 'vitest';
import {
  activity,
  begin,
  type ContractWorld,
  contact,
  detailOf,
  effectsOf,
  freshId,
  gate,
  loadIn,
  type OpenTransaction,
  recordOf,
  scope,
  type Values,
} from './contract-world.ts';
import { presentIn } from './feed-contract.ts';
import { ReadingDevice } from './reading-device.ts';

/** Transactions that overlap, in orders that are forced. */
export function interleavingContract(current: () => ContractWorld): void {
  const place = async () => {
    const m = freshId('m');
    // The scope is made known first: the first writers of a new one may wait for each other.
    await current().write({
      kind: 'insert',
      collection: 'contacts',
      id: freshId('c'),
      values: contact({ mentorId: m }),
    });
    return { m, mentor: scope(`mentor:${m}`) };
  };
  const fresh = (rows: readonly FeedRow[], ids: readonly string[]) => rows.filter((row) => ids.includes(row.id));

  describe('overlapping transactions', () => {
    test('[SV2] what an older transaction commits after a younger one is read next', async () => {
      const { store, write, writeIn, read } = current();
      const { m, mentor } = await place();
      const [slow, quick] = [freshId('c'), freshId('c')];
      const old = await begin(store);
      await writeIn(old.tx, { kind: 'insert', collection: 'contacts', id: slow, values: contact({ mentorId: m }) });
      await write({ kind: 'insert', collection: 'contacts', id: quick, values: contact({ mentorId: m }) });
      const first = await read([mentor]);
      expect(fresh(first.rows, [slow, quick]).map((row) => row.id)).toEqual([quick]);
      await old.commit();
      const second = await read([mentor], { snapshot: first.snapshot, scopes: [mentor] });
      expect(second.rows.map((row) => row.id)).toEqual([slow]);
      const third = await read([mentor], { snapshot: second.snapshot, scopes: [mentor] });
      expect(third.rows).toEqual([]);
    });

    test('[SY8] an old transaction that stays open tears nothing and holds nothing back', async () => {
      const { store, write, read } = current();
      const { m, mentor } = await place();
      const [parent, child] = [freshId('c'), freshId('a')];
      const since = { snapshot: (await read([mentor])).snapshot, scopes: [mentor] };
      const old = await begin(store);
      await write(
        { kind: 'insert', collection: 'contacts', id: parent, values: contact({ mentorId: m }) },
        { kind: 'insert', collection: 'activities', id: child, values: activity(parent) },
      );
      await write({ kind: 'update', collection: 'contacts', id: parent, values: { name: 'Grace' } });
      const news = await read([mentor], since);
      expect(news.rows.map((row) => row.id)).toEqual([parent, child]);
      await old.commit();
      expect((await read([mentor], { snapshot: news.snapshot, scopes: [mentor] })).rows).toEqual([]);
    });

    test('[SV2] an aborted transaction is never read, and its position never waited for', async () => {
      const { store, write, writeIn, read } = current();
      const { m, mentor } = await place();
      const [lost, kept] = [freshId('c'), freshId('c')];
      const old = await begin(store);
      await writeIn(old.tx, { kind: 'insert', collection: 'contacts', id: lost, values: contact({ mentorId: m }) });
      const first = await read([mentor]);
      await old.abort();
      await write({ kind: 'insert', collection: 'contacts', id: kept, values: contact({ mentorId: m }) });
      const second = await read([mentor], { snapshot: first.snapshot, scopes: [mentor] });
      expect(second.rows.map((row) => row.id)).toEqual([kept]);
    });

    test('[SY10] a field changed by an older transaction is told from one the cursor holds', async () => {
      const { store, write, writeIn, read } = current();
      const { m, mentor } = await place();
      const id = freshId('c');
      await write({ kind: 'insert', collection: 'contacts', id, values: contact({ mentorId: m }) });
      const old = await begin(store);
      const quick = await write({ kind: 'update', collection: 'contacts', id, values: { name: 'quick' } });
      const since = { snapshot: (await read([mentor])).snapshot, scopes: [mentor] };
      await writeIn(old.tx, { kind: 'update', collection: 'contacts', id, values: { phone: 'slow' } });
      const slow = await old.tx.position();
      await old.commit();
      expect(BigInt(slow)).toBeLessThan(BigInt(quick));
      const [row] = (await read([mentor], since)).rows;
      expect(row).toMatchObject({ id, changedIn: { name: quick, phone: slow } });
    });

    test('[SV1] what one transaction has loaded, another waits for and then sees changed', async () => {
      const { store, write } = current();
      const id = freshId('c');
      await write({ kind: 'insert', collection: 'contacts', id, values: contact() });
      const first = await begin(store);
      await loadIn(first.tx, [{ collection: 'contacts', id }]);
      const order: string[] = [];
      const second = store.transaction(async (tx) => {
        const loaded = await loadIn(tx, [{ collection: 'contacts', id }]);
        order.push('second loaded');
        return recordOf(loaded, 'contacts', id)?.state.values['name'];
      });
      const done = await first.tx.apply(
        effectsOf([{ kind: 'update', collection: 'contacts', id, values: { name: 'Grace' } }]),
      );
      expect(done.ok).toBe(true);
      order.push('first ends');
      await first.commit();
      expect(await second).toBe('Grace');
      expect(order).toEqual(['first ends', 'second loaded']);
    });

    test('[SV1] of two transactions that create one id, the second finds it there', async () => {
      const { store, record } = current();
      const id = freshId('c');
      const create = (name: string) =>
        effectsOf([{ kind: 'insert', collection: 'contacts', id, values: contact({ name }) }]);
      const first = await begin(store);
      expect(recordOf(await loadIn(first.tx, [{ collection: 'contacts', id }]), 'contacts', id)).toBeNull();
      const second = store.transaction(async (tx) => {
        const found = recordOf(await loadIn(tx, [{ collection: 'contacts', id }]), 'contacts', id);
        return { found: found?.state.values['name'], detail: detailOf(await tx.apply(create('second'))) };
      });
      expect((await first.tx.apply(create('first'))).ok).toBe(true);
      await first.commit();
      expect(await second).toEqual({ found: 'first', detail: expect.any(String) });
      expect((await record('contacts', id))?.state.values['name']).toBe('first');
    });

    test('[SV1] a create that was given up leaves the id free for the one that waited', async () => {
      const { store, record } = current();
      const id = freshId('c');
      const first = await begin(store);
      await loadIn(first.tx, [{ collection: 'contacts', id }]);
      const second = current().write({
        kind: 'insert',
        collection: 'contacts',
        id,
        values: contact({ name: 'second' }),
      });
      await first.abort();
      await second;
      expect((await record('contacts', id))?.state.values['name']).toBe('second');
    });

    test('[SV5] a child written while its parent moves ends in the scopes of where the parent is', async () => {
      const { store, write, record } = current();
      const [from, to] = [await place(), await place()];
      const [parent, child] = [freshId('c'), freshId('a')];
      await write({ kind: 'insert', collection: 'contacts', id: parent, values: contact({ mentorId: from.m }) });
      const mover = await begin(store);
      await loadIn(mover.tx, [{ collection: 'contacts', id: parent }]);
      const moved = await mover.tx.apply(
        effectsOf([{ kind: 'update', collection: 'contacts', id: parent, values: { mentorId: to.m } }]),
      );
      expect(moved.ok).toBe(true);
      const late = write({ kind: 'insert', collection: 'activities', id: child, values: activity(parent) });
      await mover.commit();
      await late;
      expect((await record('activities', child))?.scopes).toEqual([to.mentor]);
    });

    test('[SV5] a parent that moves while a child is being written takes the child with it', async () => {
      const { store, write, writeIn, record } = current();
      const [from, to] = [await place(), await place()];
      const [parent, child] = [freshId('c'), freshId('a')];
      await write({ kind: 'insert', collection: 'contacts', id: parent, values: contact({ mentorId: from.m }) });
      const writer = await begin(store);
      await writeIn(writer.tx, { kind: 'insert', collection: 'activities', id: child, values: activity(parent) });
      const move = write({ kind: 'update', collection: 'contacts', id: parent, values: { mentorId: to.m } });
      await writer.commit();
      await move;
      expect((await record('activities', child))?.scopes).toEqual([to.mentor]);
    });

    test('[SV5] a parent created while its child is being written takes the child in', async () => {
      const { store, write, writeIn, record } = current();
      const { m, mentor } = await place();
      const [parent, child] = [freshId('c'), freshId('a')];
      const writer = await begin(store);
      await writeIn(writer.tx, { kind: 'insert', collection: 'activities', id: child, values: activity(parent) });
      const create = write({ kind: 'insert', collection: 'contacts', id: parent, values: contact({ mentorId: m }) });
      await writer.commit();
      await create;
      expect((await record('activities', child))?.scopes).toEqual([mentor]);
    });

    test('[SV7] transactions that take the same records in opposite orders all come through', async () => {
      const { store, write, writeIn, record } = current();
      const ids = [freshId('c'), freshId('c')];
      await write(...ids.map((id) => ({ kind: 'insert' as const, collection: 'contacts', id, values: contact() })));
      const both = gate();
      let arrived = 0;
      const run = (order: readonly string[]) =>
        store.transaction(async (tx) => {
          arrived += 1;
          if (arrived === 2) both.open();
          await both.opened;
          const writes = order.map((id) => ({
            kind: 'update' as const,
            collection: 'contacts',
            id,
            values: { name: order.join() },
          }));
          await writeIn(tx, ...writes);
        });
      await Promise.all([run(ids), run([...ids].reverse())]);
      const names = await Promise.all(ids.map(async (id) => (await record('contacts', id))?.state.values['name']));
      expect(names[0]).toBe(names[1]);
    });

    test('[SV2] readers at any moment of random histories hold, at the end, exactly what is there', async () => {
      for (let seed = 1; seed <= 12; seed += 1) await history(current(), seed);
    });
  });

  /** Four writers with records of their own in shared scopes, three readers; every step from the seed. */
  async function history(world: ContractWorld, seed: number): Promise<void> {
    const { store, read } = world;
    const random = generator(seed);
    const pick = <T>(items: readonly T[]): T => must(items[Math.floor(random() * items.length)], 'an item');
    const places = [await place(), await place(), await place()];
    const readers = [1, 2, 3].map((limit) => ({
      device: new ReadingDevice(store),
      limit,
      scopes: () => (random() < 0.8 ? places : places.slice(0, 2)).map(({ mentor }) => mentor),
    }));
    const slots = Array.from({ length: 4 }, () => ({
      contacts: [freshId('c'), freshId('c')],
      activities: [freshId('a'), freshId('a')],
      open: null as OpenTransaction | null,
    }));
    let commits = 0;
    for (let step = 0; step < 60; step += 1) {
      const slot = pick(slots);
      const action = random();
      if (action < 0.3) {
        const reader = pick(readers);
        await reader.device.pull(reader.scopes(), reader.limit);
      } else if (slot.open === null) {
        slot.open = await begin(store);
        const all = [
          ...slot.contacts.map((id) => ({ collection: 'contacts', id })),
          ...slot.activities.map((id) => ({ collection: 'activities', id })),
        ];
        const loaded = await loadIn(slot.open.tx, all);
        const alive = (collection: string, id: string) => {
          const found = recordOf(loaded, collection, id);
          return found !== null && found.state.deleted === null;
        };
        const writes = all.map(({ collection, id }) => {
          const mentorId = random() < 0.1 ? null : pick(places).m;
          const values: Values =
            collection === 'contacts' ? contact({ mentorId, name: `s${seed}.${step}` }) : activity(pick(slot.contacts));
          if (!alive(collection, id)) return { kind: 'insert' as const, collection, id, values };
          if (random() < 0.2) return { kind: 'delete' as const, collection, id };
          const field = pick(Object.keys(values));
          return { kind: 'update' as const, collection, id, values: { [field]: values[field] ?? null } };
        });
        const some = writes.filter(() => random() < 0.7);
        const done = await slot.open.tx.apply(effectsOf(some));
        expect(done).toMatchObject({ ok: true });
      } else {
        const { open } = slot;
        slot.open = null;
        if (random() < 0.2) await open.abort();
        else {
          await open.commit();
          commits += 1;
        }
      }
    }
    for (const { open } of slots) await open?.commit();
    expect(commits).toBeGreaterThan(3);
    const scopes = places.map(({ mentor }) => mentor);
    const truth = presentIn((await read(scopes)).rows);
    for (const { device, limit } of readers) {
      await device.pull(scopes, limit);
      expect(device.records, `seed ${seed}, pages of ${limit}`).toEqual(truth);
    }
  }
}

/** Mulberry32: enough for choosing steps, and the same everywhere. */
function generator(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
