import { holds, must, type Scope } from '@holdfast/core';
import type { FeedRow } from '@holdfast/server';
import { describe, expect, test } from 'vitest';
import { contractCollections } from './contract-schema.ts';
import {
  activity,
  type ContractWorld,
  contact,
  freshDevice,
  freshId,
  freshStamp,
  idsOf,
  scope,
} from './contract-world.ts';
import { ReadingDevice } from './reading-device.ts';

/** Reading: cursors, pages, news. */
export function feedContract(current: () => ContractWorld): void {
  const place = () => {
    const m = freshId('m');
    return { m, mentor: scope(`mentor:${m}`) };
  };

  describe('the feed', () => {
    test('[SV2] nothing is read twice and nothing is skipped from one cursor to the next', async () => {
      const { write, read } = current();
      const { m, mentor } = place();
      const ids = [freshId('c'), freshId('c'), freshId('c')];
      const seen: string[] = [];
      let since = { snapshot: (await read([mentor])).snapshot, scopes: [mentor] };
      for (const id of ids) {
        await write({ kind: 'insert', collection: 'contacts', id, values: contact({ mentorId: m }) });
        const news = await read([mentor], since);
        seen.push(...idsOf(news));
        since = { snapshot: news.snapshot, scopes: [mentor] };
      }
      expect(seen).toEqual(ids);
      expect((await read([mentor], since)).rows).toEqual([]);
    });

    test('[SV2] a snapshot holds the transactions read, and not those that come', async () => {
      const { write, read } = current();
      const { m, mentor } = place();
      const values = contact({ mentorId: m });
      const before = await write({ kind: 'insert', collection: 'contacts', id: freshId('c'), values });
      const { snapshot } = await read([mentor]);
      const later = await write({ kind: 'insert', collection: 'contacts', id: freshId('c'), values });
      expect(holds(snapshot, before)).toBe(true);
      expect(holds(snapshot, later)).toBe(false);
    });

    test('[SY10] a row tells in which transaction each field last changed', async () => {
      const { write, read } = current();
      const { m, mentor } = place();
      const id = freshId('c');
      const created = await write({ kind: 'insert', collection: 'contacts', id, values: contact({ mentorId: m }) });
      const first = await write({ kind: 'update', collection: 'contacts', id, values: { name: 'b', phone: '1' } });
      const stamp = freshStamp();
      const second = await write({ kind: 'update', collection: 'contacts', id, values: { name: 'c' }, stamp });
      const [row] = (await read([mentor])).rows;
      expect(row).toMatchObject({
        createdIn: created,
        entered: created,
        stamp,
        changedIn: { name: second, phone: first },
      });
    });

    test('[SV5] a scope that was not asked for is not read', async () => {
      const { write, read } = current();
      const [mine, theirs] = [place(), place()];
      await write({
        kind: 'insert',
        collection: 'contacts',
        id: freshId('c'),
        values: contact({ mentorId: theirs.m }),
      });
      expect((await read([mine.mentor])).rows).toEqual([]);
      expect((await read([])).rows).toEqual([]);
    });

    test('[SY12] a scope not held before gives all that is present, one held before its changes', async () => {
      const { write, read } = current();
      const [held, gained] = [place(), place()];
      const [old, other, left] = [freshId('c'), freshId('c'), freshId('c')];
      await write(
        { kind: 'insert', collection: 'contacts', id: old, values: contact({ mentorId: held.m }) },
        { kind: 'insert', collection: 'contacts', id: other, values: contact({ mentorId: gained.m }) },
        { kind: 'insert', collection: 'contacts', id: left, values: contact({ mentorId: gained.m }) },
      );
      await write({ kind: 'delete', collection: 'contacts', id: left });
      const since = { snapshot: (await read([held.mentor])).snapshot, scopes: [held.mentor] };
      const news = await read([held.mentor, gained.mentor], since);
      expect(news.rows.map((row) => [row.id, row.scope])).toEqual([[other, gained.mentor]]);
    });

    test('[SY9] pages follow one order: collection as asked, scope, id; none is missing or doubled', async () => {
      const { store, write, read } = current();
      const places = [place(), place()];
      for (const { m } of places) {
        const parents = [freshId('c'), freshId('c'), freshId('c')];
        await write(
          ...parents.flatMap((id) => [
            { kind: 'insert' as const, collection: 'contacts', id, values: contact({ mentorId: m }) },
            { kind: 'insert' as const, collection: 'activities', id: freshId('a'), values: activity(id) },
          ]),
        );
      }
      const scopes = places.map(({ mentor }) => mentor);
      const key = (row: FeedRow): readonly [number, string, string] => [
        contractCollections.indexOf(row.collection as 'contacts'),
        row.scope,
        row.id,
      ];
      const whole = await read(scopes);
      expect(whole.rows).toHaveLength(12);
      expect(whole.more).toBe(false);
      const sorted = [...whole.rows].sort((a, b) => {
        const [x, y] = [key(a), key(b)];
        for (let i = 0; i < 3; i += 1) {
          const [p, q] = [must(x[i], 'a part'), must(y[i], 'a part')];
          if (p !== q) return p < q ? -1 : 1;
        }
        return 0;
      });
      expect(whole.rows.map(key)).toEqual(sorted.map(key));
      for (const since of [null, { snapshot: '1:1:' as never, scopes }]) {
        for (const limit of [1, 4, 5, 12]) {
          const paged: FeedRow[] = [];
          let after: readonly [number, string, string] | null = null;
          for (;;) {
            const page = await store.read({
              device: freshDevice(),
              scopes,
              since,
              collections: contractCollections,
              after,
              limit,
            });
            expect(page.rows.length).toBeLessThanOrEqual(limit);
            paged.push(...page.rows);
            if (!page.more) break;
            after = key(must(page.rows.at(-1), 'the last row'));
          }
          expect(paged.map(key)).toEqual(whole.rows.map(key));
        }
      }
    });

    test('[SY10] a collection that is not asked for is not read', async () => {
      const { store, write } = current();
      const { m, mentor } = place();
      const id = freshId('c');
      await write(
        { kind: 'insert', collection: 'contacts', id, values: contact({ mentorId: m }) },
        { kind: 'insert', collection: 'activities', id: freshId('a'), values: activity(id) },
      );
      const request = { device: freshDevice(), scopes: [mentor], since: null, after: null, limit: 10 };
      const some = await store.read({ ...request, collections: ['activities'] });
      expect(some.rows.map((row) => row.collection)).toEqual(['activities']);
    });

    test('[SY8] a reader that pages and repeats holds what is there', async () => {
      const { store, write, read } = current();
      const places = [place(), place()];
      const scopes = places.map(({ mentor }) => mentor);
      const device = new ReadingDevice(store);
      const ids = Array.from({ length: 7 }, () => freshId('c'));
      for (const [index, id] of ids.entries()) {
        const { m } = must(places[index % 2], 'a place');
        await write({ kind: 'insert', collection: 'contacts', id, values: contact({ mentorId: m }) });
        await device.pull(scopes, 2);
      }
      await write({ kind: 'delete', collection: 'contacts', id: must(ids[0], 'an id') });
      await write({ kind: 'update', collection: 'contacts', id: must(ids[1], 'an id'), values: { mentorId: null } });
      await write({ kind: 'update', collection: 'contacts', id: must(ids[2], 'an id'), values: { phone: '9' } });
      await device.pull(scopes, 2);
      expect(device.records).toEqual(presentIn((await read(scopes)).rows));
      expect(Object.keys(device.records)).toHaveLength(5);
      await device.pull(scopes.slice(0, 1), 2);
      expect(device.records).toEqual(presentIn((await read(scopes.slice(0, 1))).rows));
    });

    test('[SY3] news names the scopes of a commit, until it is stopped', async () => {
      const { store, write } = current();
      const [from, to] = [place(), place()];
      const id = freshId('c');
      const heard = new Set<Scope>();
      let wake: () => void = () => {};
      const stop = store.onNews((scopes) => {
        for (const each of scopes) heard.add(each);
        wake();
      });
      const hears = async (...scopes: readonly Scope[]) => {
        while (!scopes.every((each) => heard.has(each))) {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      };
      await write({ kind: 'insert', collection: 'contacts', id, values: contact({ mentorId: from.m }) });
      await hears(from.mentor);
      expect(heard.has(to.mentor)).toBe(false);
      heard.clear();
      await write({ kind: 'update', collection: 'contacts', id, values: { mentorId: to.m } });
      await hears(from.mentor, to.mentor);
      stop();
      heard.clear();
      const other = place();
      const second: Promise<void> = new Promise((resolve) => {
        const stopOther = store.onNews((scopes) => {
          if (!scopes.includes(other.mentor)) return;
          stopOther();
          resolve();
        });
      });
      await write({ kind: 'insert', collection: 'contacts', id: freshId('c'), values: contact({ mentorId: other.m }) });
      await second;
      expect(heard.size).toBe(0);
    });
  });
}

/** The records that are present in some of these rows. */
export function presentIn(rows: readonly FeedRow[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    rows.filter((row) => row.present).map((row) => [`${row.collection}/${row.id}`, row.values]),
  );
}
