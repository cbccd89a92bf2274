import { type DeviceId, errorResponse, exchangeResponse, HoldfastError, mintEpoch, type UserId } from '@holdfast/core';
import { clinic, requestOf } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import { memoryStore } from '../memory/memory-store.ts';
import { createExchange, type Exchange } from './create-exchange.ts';
import { handleExchangeText } from './handle-exchange-text.ts';

const principal = { user: 'ada' as UserId, role: null, scopes: [] };
const device = '01900000-0000-7000-8000-000000000001' as DeviceId;
const store = memoryStore({ schema: clinic, epoch: mintEpoch(1, new Uint8Array(4), null) });
const exchange = createExchange({ store, schema: clinic, clock: { now: () => 5 } });

async function ask(text: string, by: Exchange = exchange) {
  const faults: unknown[] = [];
  const { status, body, code } = await handleExchangeText(by, principal, text, (fault) => faults.push(fault));
  return { status, code, faults, body: JSON.parse(body) as unknown };
}

test('[SY1] from the text of a request to the text of a response', async () => {
  const { status, code, body } = await ask(JSON.stringify(requestOf(device)));
  expect([status, code]).toEqual([200, null]);
  expect(exchangeResponse.parse(body)).toMatchObject({ now: 5, receipts: [] });
});

test('[SY13] another protocol is told as such, also where its shapes are unknown', async () => {
  expect(await ask('{"protocol":9999,"anything":true}')).toMatchObject({ status: 426, code: 'UnsupportedProtocol' });
});

test('[SV6] an error says what, where, and what to do next', async () => {
  const { body } = await ask(JSON.stringify({ ...requestOf(device), nonce: 'short' }));
  const { error } = errorResponse.parse(body);
  expect(error).toEqual({ code: 'MalformedRequest', message: expect.stringMatching(/\(nonce: .*\) Send what/) });
});

test('[SV8] what passes is answered as busy, what does not as a fault; both are told to whoever listens', async () => {
  const failing =
    (error: unknown): Exchange =>
    () =>
      Promise.reject(error);
  const request = JSON.stringify(requestOf(device));
  const away = await ask(request, failing(new HoldfastError('DatabaseUnreachable')));
  expect(away).toMatchObject({ status: 503, code: 'Busy', faults: [expect.any(HoldfastError)] });
  const broken = await ask(request, failing(new Error('secret detail')));
  expect(broken).toMatchObject({ status: 500, code: 'Internal', faults: [expect.any(Error)] });
  expect(JSON.stringify(broken.body)).not.toContain('secret');
});
