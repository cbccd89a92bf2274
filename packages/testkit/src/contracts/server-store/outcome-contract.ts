import { must, type Receipt, type UserId, VERSION_NONE, versionOf } from '@holdfast/core';
import type { AppliedRow } from '@holdfast/server';
import { describe, expect, test } from 'vitest';
import {
  appliedRow,
  type ContractWorld,
  contact,
  detailOf,
  effectsOf,
  freshDevice,
  freshId,
  freshMutation,
  loadIn,
  meet,
  scope,
} from './contract-world.ts';

/** What `hf_applied` keeps, and how receipts travel. */
export function outcomeContract(current: () => ContractWorld): void {
  const store = () => current().store;
  const keep = (...rows: readonly AppliedRow[]) =>
    store().transaction(async (tx) => {
      expect(await tx.apply({ ...effectsOf([]), applied: rows })).toMatchObject({ ok: true });
      return tx.position();
    });
  const find = (...rows: readonly AppliedRow[]) =>
    store().transaction(async (tx) => {
      const ids = rows.map((row) => row.id);
      const loaded = await tx.load({ device: freshDevice(), ids, records: [], parents: [] });
      return rows.map((row) => loaded.applied.get(row.id) ?? null);
    });

  describe('outcomes', () => {
    test('[SV1] an outcome is found again, with all that was kept and its position', async () => {
      const device = freshDevice();
      const id = freshMutation();
      const row = appliedRow(device, {
        id,
        version: versionOf(store().epoch, 7),
        resolves: [freshMutation(), freshMutation()],
        receipt: {
          outcome: 'merged',
          id,
          lost: [{ mine: { name: 'a' }, kept: { name: 'b' }, rule: 'lastWriteWins', by: 'bob' }],
        },
      });
      const plain = appliedRow(device);
      const position = await keep(row, plain);
      const [found, other] = await find(row, plain);
      expect(found).toEqual({ ...row, position, receipt: { ...row.receipt, position } });
      expect(other).toEqual({ ...plain, position, receipt: { ...plain.receipt, position } });
      expect(await find(appliedRow(device))).toEqual([null]);
    });

    test('[SV1] an id has one outcome: a second is refused, and nothing else of its effects is kept', async () => {
      const { record } = current();
      const device = freshDevice();
      const row = appliedRow(device);
      await keep(row);
      const id = freshId('c');
      await store().transaction(async (tx) => {
        await loadIn(tx, [{ collection: 'contacts', id }]);
        const again: AppliedRow = { ...row, receipt: { outcome: 'discarded', id: row.id } };
        const writes = [{ kind: 'insert' as const, collection: 'contacts', id, values: contact() }];
        expect(detailOf(await tx.apply(effectsOf(writes, [again])))).toEqual(expect.any(String));
      });
      expect((await find(row))[0]?.receipt.outcome).toBe('applied');
      expect(await record('contacts', id)).toBeNull();
    });

    test('[SY15] a receipt is read with the snapshot that holds its effect, by its own device alone', async () => {
      const { read, cursor } = current();
      const device = freshDevice();
      const m = freshId('m');
      const mentor = scope(`mentor:${m}`);
      const since = await cursor([mentor]);
      const row = appliedRow(device);
      const id = freshId('c');
      const position = await store().transaction(async (tx) => {
        await loadIn(tx, [{ collection: 'contacts', id }]);
        const writes = [{ kind: 'insert' as const, collection: 'contacts', id, values: contact({ mentorId: m }) }];
        expect((await tx.apply(effectsOf(writes, [row]))).ok).toBe(true);
        return tx.position();
      });
      const news = await read([mentor], since, device);
      expect(news.receipts).toEqual([{ outcome: 'applied', id: row.id, position }]);
      expect(news.rows.map((each) => each.id)).toEqual([id]);
      expect((await read([mentor], since)).receipts).toEqual([]);
      const later = { snapshot: news.snapshot, scopes: [mentor] };
      expect((await read([mentor], later, device)).receipts).toEqual([]);
      expect((await read([], null, device)).receipts).toHaveLength(1);
    });

    test('[SV1] acknowledged receipts lose their bodies and are not sent again; outcomes stay', async () => {
      const { read } = current();
      const [device, other] = [freshDevice(), freshDevice()];
      const [merged, conflict, refused, kept] = [freshMutation(), freshMutation(), freshMutation(), freshMutation()];
      const sides = {
        fields: ['name'],
        base: {},
        mine: { name: 'a' },
        theirs: { name: 'b' },
        deletion: null,
        version: VERSION_NONE,
        by: null,
      };
      const loss = { mine: { name: 'a' }, kept: { name: 'b' }, rule: 'serverWins' as const, by: null };
      const rows = [
        appliedRow(device, { id: merged, receipt: { outcome: 'merged', id: merged, lost: [loss] } }),
        appliedRow(device, { id: conflict, receipt: { outcome: 'conflict', id: conflict, sides } }),
        appliedRow(device, { id: refused, receipt: { outcome: 'refused', id: refused, reason: 'gone', detail: 'x' } }),
        appliedRow(device, { id: kept }),
      ];
      const position = await keep(...rows);
      const all = (await read([], null, device)).receipts.map((receipt) => receipt.id);
      expect([...all].sort()).toEqual([merged, conflict, refused, kept].sort());
      await store().transaction((tx) => tx.acknowledge(other, [merged]));
      expect((await read([], null, device)).receipts).toHaveLength(4);
      await store().transaction((tx) => tx.acknowledge(device, [merged, conflict, refused]));
      expect((await read([], null, device)).receipts.map((receipt) => receipt.id)).toEqual([kept]);
      const bodies: (Receipt | undefined)[] = (await find(...rows)).map((row) => row?.receipt);
      expect(bodies).toEqual([
        { outcome: 'merged', id: merged, position, lost: [] },
        { outcome: 'conflict', id: conflict, position, sides: null },
        { outcome: 'refused', id: refused, position, reason: 'gone', detail: null },
        { outcome: 'applied', id: kept, position },
      ]);
    });

    test('[SV1] what a command changed and gave back is found again; acknowledged, only what it changed', async () => {
      const { read } = current();
      const device = freshDevice();
      const id = freshMutation();
      const touched = ['c1', 'c2'].map((record, i) => {
        return { collection: 'contacts', record, version: versionOf(store().epoch, i + 3) };
      });
      const result = { left: 3, of: [null, 'x'] };
      const row = appliedRow(device, {
        id,
        collection: '',
        record: '',
        touched,
        receipt: { outcome: 'applied', id, result },
      });
      const empty = appliedRow(device, { receipt: { outcome: 'applied', id: freshMutation(), result: null } });
      const none = { ...empty, id: empty.receipt.id };
      const position = await keep(row, none);
      expect(await find(row)).toEqual([{ ...row, position, receipt: { outcome: 'applied', id, position, result } }]);
      expect((await find(none))[0]?.receipt).toEqual({ ...none.receipt, position });
      expect((await read([], null, device)).receipts).toContainEqual({ outcome: 'applied', id, position, result });
      await store().transaction((tx) => tx.acknowledge(device, [id]));
      expect(await find(row)).toEqual([{ ...row, position, receipt: { outcome: 'applied', id, position } }]);
    });

    test('[SV5, OB11] a discard by somebody else gives way to the mutation itself; the own one does not', async () => {
      const { read } = current();
      const [device, other] = [freshDevice(), freshDevice()];
      const mutation = appliedRow(device);
      const discard: AppliedRow = {
        ...appliedRow(other, { id: mutation.id, user: 'mallory' as UserId }),
        receipt: { outcome: 'discarded', id: mutation.id },
      };
      await keep(discard);
      await store().transaction((tx) => tx.acknowledge(other, [mutation.id]));
      const position = await keep(mutation);
      expect(await find(mutation)).toEqual([{ ...mutation, position, receipt: { ...mutation.receipt, position } }]);
      expect((await read([], null, device)).receipts).toHaveLength(1);
      expect((await read([], null, other)).receipts).toEqual([]);
      const own: AppliedRow = appliedRow(device);
      await keep({ ...own, receipt: { outcome: 'discarded', id: own.id } });
      await store().transaction(async (tx) => {
        expect(detailOf(await tx.apply({ ...effectsOf([]), applied: [own] }))).toEqual(expect.any(String));
      });
      expect((await find(own))[0]?.receipt.outcome).toBe('discarded');
    });

    test('[SV5] a device belongs to the user it came with first', async () => {
      const device = freshDevice();
      expect(await meet(store(), device)).toBe('known');
      expect(await meet(store(), device)).toBe('known');
      expect(await store().transaction((tx) => tx.meetDevice(device, 'mallory' as UserId))).toBe('taken');
      expect(await meet(store(), device)).toBe('known');
    });

    test('[SV7] a transaction has one position, and the next one another', async () => {
      const positions = await store().transaction(async (tx) => [await tx.position(), await tx.position()]);
      expect(positions[0]).toBe(positions[1]);
      const next = await store().transaction((tx) => tx.position());
      expect(BigInt(next)).toBeGreaterThan(BigInt(must(positions[0], 'a position')));
    });
  });
}
