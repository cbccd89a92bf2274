import {
  type Cursor,
  must,
  recordPrint,
  type Scope,
  ScopeChecksum,
  type Snapshot,
  snapshotEnd,
  stampOf,
} from '@holdfast/core';
import type { FeedRequest } from '@holdfast/server';
import { describe, expect, test } from 'vitest';
import { contractCollections } from './contract-schema.ts';
import {
  activity,
  appliedRow,
  type ContractWorld,
  contact,
  effectsOf,
  freshDevice,
  freshId,
  freshMutation,
  idsOf,
  meet,
  othersHaveRead,
  rowOf,
  scope,
} from './contract-world.ts';

/** What others do in the same cluster can last. */
const PATIENT_MS = 300_000;
const FAR_FUTURE_MS = 4_000_000_000_000;

/** What is read beside the rows, and what is kept for how long: checksums, windows, receipts, tombstones, epochs. */
export function keepingContract(current: () => ContractWorld): void {
  const place = () => {
    const m = freshId('m');
    return { m, mentor: scope(`mentor:${m}`) };
  };
  const request = (scopes: readonly Scope[], parts: Partial<FeedRequest> = {}): FeedRequest => ({
    device: freshDevice(),
    scopes,
    since: null,
    collections: contractCollections,
    after: null,
    limit: 1_000,
    ...parts,
  });
  const insert = (id: string, m: string) => ({
    kind: 'insert' as const,
    collection: 'contacts',
    id,
    values: contact({ mentorId: m }),
  });

  describe('checksums', () => {
    test('[SY16] are the XOR of what is present in the scope, in the collections that were read', async () => {
      const { store, write } = current();
      const [here, empty] = [place(), place()];
      const [kept, gone, child] = [freshId('é'), freshId('c'), freshId('a')];
      await write(insert(kept, here.m), insert(gone, here.m));
      await write({ kind: 'insert', collection: 'activities', id: child, values: activity(kept) });
      await write({ kind: 'update', collection: 'contacts', id: kept, values: { name: 'other' } });
      await write({ kind: 'delete', collection: 'contacts', id: gone });
      const scopes = [here.mentor, empty.mentor];
      const read = await store.read(request(scopes, { checksums: true }));
      const sumOf = (collections: readonly string[]) => {
        const sum = new ScopeChecksum();
        for (const row of read.rows) {
          if (collections.includes(row.collection)) sum.add(recordPrint(row.collection, row.id, row.version));
        }
        return sum.text;
      };
      expect(idsOf(read)).toEqual([kept, child]);
      expect(read.checksums).toEqual(
        new Map([
          [here.mentor, sumOf(['contacts', 'activities'])],
          [empty.mentor, '0000000000000000'],
        ]),
      );
      const some = await store.read(request(scopes, { collections: ['activities'], checksums: true }));
      expect(some.checksums?.get(here.mentor)).toBe(sumOf(['activities']));
      // From a cursor: of all that is held, not only of what changed.
      const since = { snapshot: read.snapshot, scopes };
      expect((await store.read(request(scopes, { since, checksums: true }))).checksums).toEqual(read.checksums);
    });

    test('[SY16] are told where asked, and only where nothing is left to read', async () => {
      const { store, write } = current();
      const { m, mentor } = place();
      await write(insert(freshId('c'), m), insert(freshId('c'), m));
      expect((await store.read(request([mentor]))).checksums).toBeNull();
      expect((await store.read(request([mentor], { checksums: true, limit: 1 }))).checksums).toBeNull();
      expect((await store.read(request([mentor], { checksums: true, limit: 2 }))).checksums?.size).toBe(1);
    });
  });

  describe('a window and records by address', () => {
    test('[SY14] what is older than the window comes without values, where it would come whole', async () => {
      const { store, write, read } = current();
      const { m, mentor } = place();
      const [old, young, edge] = [freshId('c'), freshId('c'), freshId('c')];
      const at = (ms: number) => ({ stamp: stampOf(ms, 0) });
      await write(
        { ...insert(old, m), ...at(1_000) },
        { ...insert(young, m), ...at(1_000) },
        { ...insert(edge, m), ...at(5_000) },
      );
      await write({ kind: 'update', collection: 'contacts', id: young, values: { phone: '1' }, ...at(9_000) });
      const window = { agedBefore: stampOf(5_000, 0) };
      const whole = await store.read(request([mentor], window));
      const shown = whole.rows.map((row) => [row.id, row.aged, row.values?.['name'] ?? null]);
      expect(new Map(shown.map(([id, ...rest]) => [id, rest]))).toEqual(
        new Map([
          [old, [true, null]],
          [young, [false, 'Ada']],
          [edge, [false, 'Ada']],
        ]),
      );
      expect(rowOf(whole, old, mentor).version).toBe((await read([mentor])).rows.find(({ id }) => id === old)?.version);
      const since = { snapshot: whole.snapshot, scopes: [mentor] };
      await write({ kind: 'update', collection: 'contacts', id: old, values: { phone: '2' }, ...at(2_000) });
      const changes = await store.read(request([mentor], { since, ...window }));
      expect(changes.rows.map((row) => [row.id, row.aged, row.values?.['phone']])).toEqual([[old, false, '2']]);
      // It comes into a scope that was held: whole again, and old.
      const other = place();
      const both = [mentor, other.mentor];
      const heldBoth = { snapshot: (await store.read(request(both))).snapshot, scopes: both };
      await write({ kind: 'update', collection: 'contacts', id: old, values: { mentorId: other.m }, ...at(3_000) });
      const moved = await store.read(request(both, { since: heldBoth, ...window }));
      expect(moved.rows.map((row) => [row.scope, row.present, row.aged]).sort()).toEqual(
        [
          [mentor, false, false],
          [other.mentor, true, true],
        ].sort(),
      );
    });

    test('[SY14, SV5] records come by their address to those who may see them; all others are alike', async () => {
      const { store, write } = current();
      const [mine, theirs] = [place(), place()];
      const [own, foreign, deleted, child] = [freshId('c'), freshId('c'), freshId('c'), freshId('a')];
      await write(insert(own, mine.m), insert(foreign, theirs.m), insert(deleted, mine.m));
      await write({ kind: 'insert', collection: 'activities', id: child, values: activity(own) });
      await write({ kind: 'delete', collection: 'contacts', id: deleted });
      const keys = [
        ...[own, foreign, deleted, freshId('c')].map((id) => ({ collection: 'contacts', id })),
        { collection: 'activities', id: child },
        { collection: 'nothing', id: own },
      ];
      // Whatever is read besides: it need not be in a scope that is.
      const { fetched, snapshot } = await store.read(request([], { records: { keys, allowed: [mine.mentor] } }));
      expect(snapshot).toBeTruthy();
      expect(fetched.map(({ collection, id }) => ({ collection, id }))).toEqual(keys);
      expect(fetched.map(({ found }) => found?.values['name'] ?? found?.values['kind'] ?? null)).toEqual([
        'Ada',
        null,
        null,
        null,
        'visit',
        null,
      ]);
      const { version } = must(fetched[0]?.found, 'the own record');
      expect(version).toMatch(/^1@/);
      const few = await store.read(request([], { records: { keys, allowed: [mine.mentor] }, maxBytes: 1 }));
      expect(few.fetched).toHaveLength(1);
    });
  });

  describe('receipts', () => {
    test('[SV6] are cut by their bytes, one at least, and go on after the last one', async () => {
      const { store } = current();
      const device = freshDevice();
      const made = Array.from({ length: 7 }, () => freshMutation());
      await meet(store, device);
      for (const id of made) {
        await store.transaction(async (tx) => {
          const receipt = { outcome: 'refused' as const, id, reason: 'invalid' as const, detail: 'x'.repeat(1_000) };
          await tx.apply(effectsOf([], [appliedRow(device, { id, receipt })]));
        });
      }
      const all = await store.read(request([], { device }));
      expect([all.receipts.map(({ id }) => id), all.moreReceipts]).toEqual([made, false]);
      expect((await store.read(request([], { device, receipts: 'none' }))).receipts).toEqual([]);
      const got: string[] = [];
      let after: NonNullable<Exclude<FeedRequest['receipts'], 'none'>>['after'] = null;
      for (let pages = 1; ; pages += 1) {
        const part = await store.read(request([], { device, receipts: { after }, maxBytes: 2_500 }));
        got.push(...part.receipts.map(({ id }) => id));
        const last = must(part.receipts.at(-1), 'a receipt');
        after = [last.position, last.id];
        if (part.moreReceipts) continue;
        expect(pages).toBeGreaterThan(1);
        break;
      }
      expect(got).toEqual(made);
    });
  });

  describe('tombstones', () => {
    const end = (snapshot: Snapshot | null) => (snapshot === null ? 0n : snapshotEnd(snapshot));

    /** Until nothing is left of the record: transactions under way elsewhere in the cluster hold it up. */
    const compactUntilGone = async (seenSinceMs: number, id: string, since: Cursor) => {
      const { store, read } = current();
      let [rows, records] = [0, 0];
      for (;;) {
        const done = await store.compact(seenSinceMs);
        rows += done.rows;
        records += done.records;
        if (!idsOf(await read(since.scopes, since)).includes(id)) return { rows, records, horizon: done.horizon };
      }
    };

    test(
      '[SV3] wait for the devices that may need them, and go below a horizon',
      async () => {
        const { store, write, read, record } = current();
        const { m, mentor } = place();
        const [deleted, moved, kept] = [freshId('c'), freshId('c'), freshId('c')];
        await write(insert(deleted, m), insert(moved, m), insert(kept, m));
        const before = await read([mentor]);
        const device = freshDevice();
        await othersHaveRead(store);
        await meet(store, device, before.snapshot);
        await write({ kind: 'update', collection: 'contacts', id: moved, values: { mentorId: null } });
        await write({ kind: 'delete', collection: 'contacts', id: deleted });
        const since = { snapshot: before.snapshot, scopes: [mentor] };
        await store.compact(0);
        expect(idsOf(await read([mentor], since)).sort()).toEqual([deleted, moved].sort());
        expect((await record('contacts', deleted))?.lastScopes).toEqual([mentor]);

        const after = await read([mentor]);
        await meet(store, device, after.snapshot);
        await othersHaveRead(store, device);
        const done = await compactUntilGone(0, deleted, since);
        expect([done.rows, done.records].every((count) => count >= 1)).toBe(true);
        const now = await read([mentor], since);
        expect(now.rows).toEqual([]);
        expect(now.horizon).toBe(done.horizon);
        expect(end(now.horizon)).toBeGreaterThan(end(before.snapshot));
        expect(end(now.horizon)).toBeLessThanOrEqual(end(after.snapshot));
        expect(idsOf(await read([mentor]))).toEqual([kept]);
        // Its outcome stays: a delete is never undone by forgetting it.
        const left = must(await record('contacts', deleted), 'the deleted record');
        expect(left.state.deleted).not.toBeNull();
        expect(left.state.version).toMatch(/^2@/);
        expect([left.state.values, left.scopes, left.lastScopes]).toEqual([{}, [], []]);
        await write(insert(deleted, m));
        expect((await record('contacts', deleted))?.state.version).toMatch(/^3@/);
        expect(idsOf(await read([mentor])).sort()).toEqual([deleted, kept].sort());
      },
      PATIENT_MS,
    );

    test(
      '[SV3] a device that was not seen for long holds up nothing',
      async () => {
        const { store, write, read } = current();
        const { m, mentor } = place();
        const id = freshId('c');
        await write(insert(id, m));
        const before = await read([mentor]);
        await meet(store, freshDevice(), before.snapshot);
        await write({ kind: 'delete', collection: 'contacts', id });
        const done = await compactUntilGone(FAR_FUTURE_MS, id, { snapshot: before.snapshot, scopes: [mentor] });
        expect(done.rows).toBeGreaterThan(0);
      },
      PATIENT_MS,
    );

    test(
      '[SV3] wait for a device from its first contact on, and over epochs: what it read then it may have written upon',
      async () => {
        const { store, write, read, record } = current();
        const { m, mentor } = place();
        const [first, second] = [freshId('c'), freshId('c')];
        await write(insert(first, m), insert(second, m));
        const device = freshDevice();
        await othersHaveRead(store);
        await meet(store, device, null);
        await write({ kind: 'delete', collection: 'contacts', id: first });
        await othersHaveRead(store, device);
        await store.compact(0);
        expect((await record('contacts', first))?.lastScopes).toEqual([mentor]);
        await store.newEpoch();
        await write({ kind: 'delete', collection: 'contacts', id: second });
        await othersHaveRead(store, device);
        await store.compact(0);
        for (const id of [first, second]) expect((await record('contacts', id))?.lastScopes).toEqual([mentor]);
        const { snapshot } = await read([mentor]);
        await meet(store, device, snapshot);
      },
      PATIENT_MS,
    );
  });

  describe('epochs and backups', () => {
    test('[SY11] a new epoch begins with positions of its own; versions and scopes stay', async () => {
      const { store, write, read, record } = current();
      const { m, mentor } = place();
      const [id, gone] = [freshId('c'), freshId('c')];
      const device = freshDevice();
      await write(insert(id, m), insert(gone, m));
      await write({ kind: 'delete', collection: 'contacts', id: gone });
      await meet(store, device);
      await store.transaction((tx) => tx.apply(effectsOf([], [appliedRow(device)])));
      await store.backupBegins();
      await store.backupDone();
      const before = await read([mentor], null, device);
      const old = store.epoch;
      const epoch = await store.newEpoch();
      expect([epoch > old, store.epoch]).toEqual([true, epoch]);
      const since = { snapshot: before.snapshot, scopes: [mentor] };
      const after = await read([mentor], since, device);
      expect(after).toMatchObject({ epoch, horizon: null, durable: null });
      // Seen as changed: of the old positions nothing can be said any more.
      expect(idsOf(after).sort()).toEqual([id, gone].sort());
      expect(after.receipts.map((each) => each.id)).toEqual(before.receipts.map((each) => each.id));
      const row = rowOf(after, id, mentor);
      expect([row.version, row.entered]).toEqual([`1@${old}`, row.createdIn]);
      const position = await write({ kind: 'update', collection: 'contacts', id, values: { phone: '1' } });
      expect(BigInt(position) > BigInt(row.entered)).toBe(true);
      expect((await record('contacts', id))?.state.version).toBe(`2@${epoch}`);
      const loaded = await store.transaction((tx) => tx.load({ device, ids: [], records: [], parents: [] }));
      expect(loaded.epoch).toBe(epoch);
    });

    test('[SY11] what a backup holds is said once it is done, and then it is what was there when it began', async () => {
      const { store, write, read } = current();
      const began = await store.backupBegins();
      const { m } = place();
      const later = await write(insert(freshId('c'), m));
      expect(await store.backupDone()).toBe(began);
      const { durable } = await read([]);
      expect(durable).toBe(began);
      expect(end(began)).toBeLessThanOrEqual(BigInt(later));
    });

    const end = (snapshot: Snapshot) => snapshotEnd(snapshot);
  });
}
