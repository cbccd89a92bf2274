import { type MutationId, VERSION_NONE } from '@holdfast/core';
import { requestOf } from '@holdfast/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  ada,
  contact,
  deviceId,
  dose,
  exchange,
  heldOpen,
  make,
  outcomes,
  rename,
  resetExchange,
  send,
  store,
} from '../../test/exchange-world.ts';

beforeEach(resetExchange);

describe('what the database refuses', () => {
  test('[WR4, SV9] only the transaction that it is about is refused, for ever, with what the database said', async () => {
    const transaction = make.uuid<never>();
    const good = contact('c1');
    const bad = [contact('c2', { phone: 'refused' }, { transaction }), contact('c3', {}, { transaction })];
    const after = rename('c1', 'B', 0, { after: [good.id], base: VERSION_NONE });
    const child = dose('d1', 'c2', { needs: [bad[0]?.id as MutationId] });
    const response = await send(ada, deviceId(1), child, good, ...bad, after);
    expect(outcomes(response)).toEqual(['applied', 'refused:invalid', 'refused:invalid', 'applied']);
    expect(response.receipts[1]).toMatchObject({ detail: 'contacts_phone_check' });
    expect(response.held).toEqual([child.id]);
    expect(await store.counts()).toEqual({ contacts: 1, doses: 0, rules: 0 });
    expect(outcomes(await send(ada, deviceId(1), ...bad))).toContain('refused:invalid');
    expect(response.pages[0]?.groups[0]?.records[0]).toEqual(['c1', 2, { name: 'B', phone: null, mentorId: 'ada' }]);
  });
});

describe('one id, two contents, at once', () => {
  test('[SV1] one of them is taken; the other is told to come again, and is refused then', async () => {
    const id = make.uuid<MutationId>();
    const first = contact('c1', {}, { id });
    const second = contact('c2', {}, { id });
    const slow = await heldOpen(() => send(ada, deviceId(1), first));
    const other = exchange(ada, requestOf(deviceId(2), { mutations: [second] }));
    // It has found no answer, and waits where the row of its own would go.
    await new Promise((resolve) => setImmediate(resolve));
    slow.release();
    expect(outcomes(await slow.result)).toEqual(['applied']);
    await expect(other).rejects.toMatchObject({ code: 'Busy' });
    expect(outcomes(await send(ada, deviceId(2), second))).toEqual(['refused:reused']);
    expect((await store.counts())['contacts']).toBe(1);
  });

  test('[SV1, SV7] one mutation, sent twice at once, has one effect and one answer', async () => {
    const create = contact('c1');
    const slow = await heldOpen(() => send(ada, deviceId(1), create));
    const other = send(ada, deviceId(2), create);
    slow.release();
    const [a, b] = await Promise.all([slow.result, other]);
    expect(b.receipts).toEqual(a.receipts);
    expect(b.pages[0]?.groups[0]?.records[0]?.[1]).toBe(1);
  });
});
