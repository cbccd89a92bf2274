import { type Mutation, must, type TransactionId, type UserId, VERSION_NONE } from '@holdfast/core';
import type { AuditEntry, BayEntry, Effects, StoredAuditEntry } from '@holdfast/server';
import { describe, expect, test } from 'vitest';
import { MutationMaker } from '../../server/mutations.ts';
import {
  appliedRow,
  type ContractWorld,
  contact,
  detailOf,
  effectsOf,
  freshDevice,
  freshId,
  freshMutation,
  freshStamp,
  freshUuid,
  loadIn,
  scope,
} from './contract-world.ts';

const AT = 1_700_000_123_456;

const someone = () => freshId('user') as UserId;

function auditEntry(over: Partial<AuditEntry> = {}): AuditEntry {
  return {
    event: 'lost',
    user: someone(),
    device: freshDevice(),
    transaction: freshUuid() as TransactionId,
    mutation: freshMutation(),
    collection: 'contacts',
    record: freshId('c'),
    rule: 'lastWriteWins',
    other: null,
    mine: { name: 'Mine', odd: 'a\u0000\ud800', nested: { list: [1, null] } },
    theirs: { name: 'Theirs' },
    stamp: freshStamp(),
    rawStamp: null,
    target: null,
    ...over,
  };
}

function bayEntry(over: Partial<BayEntry> = {}): BayEntry {
  const make = new MutationMaker();
  const values = { name: 'a\u0000\ud800' };
  const mutations: Mutation[] = [0, 1].map(() =>
    make.update({ id: freshMutation(), collection: 'contacts', record: 'c', values, base: VERSION_NONE }),
  );
  return {
    id: must(mutations[0], 'a mutation').id,
    transaction: freshUuid() as TransactionId,
    user: someone(),
    role: null,
    device: freshDevice(),
    outcome: 'refused',
    reason: 'invalid',
    detail: 'contacts.name: text',
    mutations,
    sides: [],
    ...over,
  };
}

/** What is kept of what people lost, and of what was not taken. */
export function ledgerContract(current: () => ContractWorld): void {
  const store = () => current().store;
  const keep = (parts: Partial<Effects>) =>
    store().transaction(async (tx) => detailOf(await tx.apply({ ...effectsOf([]), at: AT, ...parts })));
  const audit = async (of: Parameters<ReturnType<typeof store>['readAudit']>[0]['of']) =>
    (await store().readAudit({ of, before: null, limit: 100 })).entries;

  describe('what was overridden', () => {
    test('[CF5, CF6, SV2, SV5] is told to whose it was, once, of records that he may see', async () => {
      const { write, store: own } = current();
      const [user, other] = [someone(), someone()];
      const team = scope(`mentor:${user}`);
      const id = freshId('c');
      await write({ kind: 'insert', collection: 'contacts', id, values: contact({ mentorId: user }) });
      const here = async () => (await current().read([team])).snapshot;
      const [before, at] = [await here(), { collection: 'contacts', record: id }];
      const told = { event: 'overrode', other: user, rule: 'authority', ...at } as const;
      const [mine, theirs] = [{ name: 'Theirs' }, { name: 'a\u0000\ud800' }];
      await keep({
        audit: [
          auditEntry({ ...told, user: other, mine, theirs }),
          auditEntry({ ...told, event: 'lost', user: other }),
          auditEntry({ ...told, user }),
          auditEntry({ ...told, record: freshId('c') }),
          auditEntry({ ...told, other }),
        ],
      });
      const after = await here();
      const read = (parts: object = {}) =>
        own.readOverridden({
          ...{ user, after: before, upTo: after, scopes: [team], collections: ['contacts'], limit: 10 },
          ...parts,
        });
      const expected = [{ ...at, mine: theirs, kept: mine, rule: 'authority', by: other }];
      expect(await read()).toEqual(expected);
      expect(await read({ after })).toEqual([]);
      expect(await read({ upTo: before })).toEqual([]);
      expect(await read({ scopes: [scope('mentor:nobody')] })).toEqual([]);
      expect(await read({ collections: ['samples'] })).toEqual([]);
      await keep({ audit: [auditEntry({ ...told, user: other, mine, theirs })] });
      expect(await read({ upTo: await here() })).toHaveLength(2);
      expect(await read({ upTo: await here(), limit: 1 })).toHaveLength(1);
      await write({ kind: 'delete', collection: 'contacts', id });
      expect(await read()).toEqual(expected);
    });
  });

  describe('audit', () => {
    test('[CF4] an entry is found again by its record, its user and the other one, with all that was kept', async () => {
      const other = someone();
      const full = auditEntry({ other, rule: 'authority', rawStamp: freshStamp(), target: freshMutation() });
      expect(await keep({ audit: [full, auditEntry()] })).toBeNull();
      const { collection, record: id } = full;
      for (const of of [{ record: { collection, id } }, { user: full.user }, { user: other }]) {
        expect(await audit(of)).toEqual([{ ...full, at: AT, number: expect.any(Number) }]);
      }
      expect(await audit({ record: { collection: 'samples', id } })).toEqual([]);
      expect(await audit({ user: someone() })).toEqual([]);
    });

    test('[CF4] pages go back from the newest, without a gap and without a double', async () => {
      const user = someone();
      const entries = [0, 1, 2, 3, 4].map((n) =>
        n % 2 === 0 ? auditEntry({ user, other: n === 2 ? user : null }) : auditEntry({ other: user }),
      );
      for (const entry of entries) await keep({ audit: [entry] });
      const found: StoredAuditEntry[] = [];
      let before: number | null = null;
      for (let pages = 0; pages < 5; pages += 1) {
        const page = await store().readAudit({ of: { user }, before, limit: 2 });
        expect(page.entries.length).toBeLessThanOrEqual(2);
        found.push(...page.entries);
        before = page.next;
        if (before === null) break;
      }
      expect(found.map(({ mutation }) => mutation)).toEqual(entries.map(({ mutation }) => mutation).reverse());
    });

    test('[CF4, WR4] it is kept with the effects it tells of, or not at all', async () => {
      const [first, second] = [auditEntry(), auditEntry()];
      const applied = [appliedRow(freshDevice())];
      expect(await keep({ applied, audit: [first] })).toBeNull();
      const kept = bayEntry();
      expect(await keep({ applied, audit: [second], bay: [kept] })).toEqual(expect.any(String));
      expect(await audit({ user: first.user })).toHaveLength(1);
      expect(await audit({ user: second.user })).toEqual([]);
      expect(await store().findInBay(kept.id)).toBeNull();
      const stop = new Error('stop');
      const failed = store().transaction(async (tx) => {
        await tx.apply({ ...effectsOf([]), audit: [second], bay: [kept] });
        throw stop;
      });
      await expect(failed).rejects.toBe(stop);
      expect(await audit({ user: second.user })).toEqual([]);
      expect(await store().findInBay(kept.id)).toBeNull();
    });
  });

  describe('bay', () => {
    test('[SV9] a transaction is found again by each of its mutations, as it was sent', async () => {
      const sides = {
        fields: ['name'],
        base: {},
        mine: { name: 'a' },
        theirs: { name: 'b' },
        deletion: null,
        version: VERSION_NONE,
        by: 'bob',
      };
      const refused = bayEntry({ role: 'mentor' });
      const conflict = bayEntry({ outcome: 'conflict', reason: null, detail: null });
      const withSides = { ...conflict, sides: [{ mutation: conflict.id, sides }] };
      expect(await keep({ bay: [refused, withSides] })).toBeNull();
      for (const entry of [refused, withSides]) {
        const stored = { ...entry, at: AT, number: expect.any(Number), resolvedBy: null, resolvedAt: null };
        for (const { id } of entry.mutations) expect(await store().findInBay(id)).toEqual(stored);
      }
      expect(await store().findInBay(freshMutation())).toBeNull();
    });

    test('[SV9] it is kept once, and read by author, page by page, the newest first', async () => {
      const user = someone();
      const entries = [0, 1, 2].map(() => bayEntry({ user }));
      for (const entry of entries) expect(await keep({ bay: [entry] })).toBeNull();
      expect(await keep({ bay: [{ ...must(entries[0], 'an entry'), detail: 'again' }] })).toBeNull();
      const read = (before: number | null, limit: number, open = true) =>
        store().readBay({ user, open, before, limit });
      const first = await read(null, 2);
      const rest = await read(first.next, 2);
      expect(rest.next).toBeNull();
      expect([...first.entries, ...rest.entries].map(({ id }) => id)).toEqual(entries.map(({ id }) => id).reverse());
      expect(rest.entries[0]?.detail).toBe(entries[0]?.detail);
      const all = await store().readBay({ user: null, open: false, before: null, limit: 2 });
      expect(all.entries).toHaveLength(2);
      expect((await read(null, 100)).entries).toHaveLength(3);
    });

    test('[SV9, OB10] what its author resolves is closed, once; what somebody else says closes nothing', async () => {
      const entry = bayEntry();
      await keep({ bay: [entry] });
      const target = must(entry.mutations[1], 'a mutation').id;
      const resolution = (user: UserId, outcome: 'applied' | 'refused' = 'applied') => {
        const id = freshMutation();
        const receipt =
          outcome === 'applied' ? { outcome, id } : { outcome, id, reason: 'gone' as const, detail: null };
        return appliedRow(freshDevice(), { id, user, resolves: [target], receipt });
      };
      await keep({ applied: [resolution(someone()), resolution(entry.user, 'refused')] });
      expect(await store().findInBay(target)).toMatchObject({ resolvedBy: null, resolvedAt: null });
      const mine = resolution(entry.user);
      await keep({ applied: [mine] });
      const closed = { resolvedBy: mine.id, resolvedAt: AT };
      expect(await store().findInBay(target)).toMatchObject(closed);
      await keep({ applied: [resolution(entry.user)], at: AT + 5 });
      expect(await store().findInBay(entry.id)).toMatchObject(closed);
      const read = (open: boolean) => store().readBay({ user: entry.user, open, before: null, limit: 9 });
      expect((await read(true)).entries).toEqual([]);
      expect((await read(false)).entries).toHaveLength(1);
    });
  });

  describe('receipts that show what others wrote', () => {
    test('[SV5] come with the scopes that their record is in now, or was in when it was deleted', async () => {
      const { read, write } = current();
      const device = freshDevice();
      const [id, m, n] = [freshId('c'), freshId('m'), freshId('m')];
      const sides = { fields: [], base: {}, mine: {}, theirs: {}, deletion: null, version: VERSION_NONE, by: null };
      const row = appliedRow(device, { record: id });
      await store().transaction(async (tx) => {
        await loadIn(tx, [{ collection: 'contacts', id }]);
        const writes = [{ kind: 'insert' as const, collection: 'contacts', id, values: contact({ mentorId: m }) }];
        const receipt = { outcome: 'conflict' as const, id: row.id, sides };
        expect((await tx.apply(effectsOf(writes, [{ ...row, receipt }]))).ok).toBe(true);
      });
      const shown = async () => (await read([], null, device)).shownIn.get(row.id);
      expect(await shown()).toEqual([scope(`mentor:${m}`)]);
      await write({ kind: 'update', collection: 'contacts', id, values: { mentorId: n } });
      expect(await shown()).toEqual([scope(`mentor:${n}`)]);
      await write({ kind: 'delete', collection: 'contacts', id });
      expect(await shown()).toEqual([scope(`mentor:${n}`)]);
    });
  });
}
