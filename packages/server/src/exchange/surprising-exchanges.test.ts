import { limits, type Mutation, type MutationId } from '@holdfast/core';
import { requestOf } from '@holdfast/testkit';
import { beforeEach, expect, test } from 'vitest';
import {
  ada,
  contact,
  deviceId,
  dose,
  exchange,
  make,
  outcomes,
  resetExchange,
  send,
  v,
} from '../../test/exchange-world.ts';
import { handleExchangeText } from './handle-exchange-text.ts';

beforeEach(resetExchange);

test('[CF9] an edit of a deleted record is a conflict, also when what it takes its scopes from is deleted too', async () => {
  await send(ada, deviceId(1), contact('c1'), dose('d1', 'c1'));
  await send(ada, deviceId(1), make.delete({ collection: 'doses', record: 'd1', base: v(1) }));
  await send(ada, deviceId(1), make.delete({ collection: 'contacts', record: 'c1', base: v(1) }));
  const edit = make.update({
    collection: 'doses',
    record: 'd1',
    values: { drug: 'y' },
    base: v(1),
    was: { drug: 'x' },
  });
  expect(outcomes(await send(ada, deviceId(2), edit))).toEqual(['conflict']);
});

test('[SV6] many conflicts over one large record are answered in parts', async () => {
  await send(ada, deviceId(1), contact('c1'), dose('d1', 'c1'));
  const large = { drug: 'x'.repeat(1_000_000) };
  await send(ada, deviceId(1), make.update({ collection: 'doses', record: 'd1', values: large, base: v(1) }));
  const mutations = Array.from({ length: 1_000 }, () => make.delete({ collection: 'doses', record: 'd1', base: v(1) }));
  const faults: unknown[] = [];
  const text = JSON.stringify(requestOf(deviceId(2), { mutations }));
  const answer = await handleExchangeText(exchange, ada, text, (error) => faults.push(error));
  expect([answer.status, faults]).toEqual([200, []]);
  const { held, receipts } = JSON.parse(answer.body) as { held: unknown[]; receipts: unknown[] };
  expect(receipts.length).toBeGreaterThan(0);
  expect(held.length + receipts.length).toBe(1_000);
});

test('[SV6] refused resolutions of refused resolutions are walked once', async () => {
  const ids: MutationId[] = [];
  const mutations: Mutation[] = [];
  for (let made = 0; made < 400; made += 1) {
    const target = { collection: 'contacts', record: 'none', values: { name: 'x' }, base: v(1) };
    const mutation = make.update({ ...target, resolves: [...ids] });
    ids.push(mutation.id);
    mutations.push(mutation);
  }
  // Walked for each of them anew, this would not end within the limit of a test.
  expect(new Set(outcomes(await send(ada, deviceId(1), ...mutations)))).toEqual(new Set(['refused:gone']));
});

test('[SV6] no exchange names more mutations than can be looked up', async () => {
  const ask = (mutations: readonly Mutation[]) => exchange(ada, requestOf(deviceId(1), { mutations: [...mutations] }));
  const naming = (count: number) =>
    make.discard({ resolves: Array.from({ length: count }, () => make.uuid<MutationId>()) });
  const all = Array.from({ length: limits.namedIds / 1_000 }, () => naming(1_000));
  expect(await ask([...all, naming(1)])).toMatchObject({ ok: false, error: { code: 'RequestTooLarge' } });
  const again = make.discard({ resolves: all[0]?.resolves ?? [] });
  expect(await ask([again, again].map((each) => ({ ...each, id: make.uuid<MutationId>() })))).toMatchObject({
    ok: true,
  });
});
