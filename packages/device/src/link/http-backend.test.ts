import { type ExchangeRequest, type ExchangeResponse, MEDIA_TYPE } from '@holdfast/core';
import { expect, test } from 'vitest';
import { httpBackend, readAnswer } from './http-backend.ts';

const request = {
  protocol: 1,
  schema: 1,
  device: '018f0000-0000-7000-8000-000000000001',
  nonce: 'abcdefghijklmnop',
  epoch: null,
  mutations: [],
  ack: { receipts: [], floor: null },
  cursor: null,
  catchUp: null,
  want: { scopes: null, maxBytes: null },
} as unknown as ExchangeRequest;

const answer = {
  protocol: 1,
  nonce: request.nonce,
  epoch: '0mijk0000aaaa',
  now: 5,
  receipts: [],
  held: [],
  pages: [],
  gone: [],
  cursor: null,
  catchUp: null,
  durable: null,
  horizon: null,
} as unknown as ExchangeResponse;

const respond = (status: number, type = MEDIA_TYPE, headers: Record<string, string> = {}) =>
  new Response(null, { status, headers: { 'content-type': type, ...headers } });
const read = (response: Response, body: unknown) =>
  readAnswer(request, response, typeof body === 'string' ? body : JSON.stringify(body));

test('[NW1] only an answer of our form that echoes the nonce is the server', () => {
  expect(read(respond(200), answer).type).toBe('answered');
  expect(read(respond(200, 'text/html'), '<html>Welcome to the hotel</html>').type).toBe('down');
  expect(read(respond(200, 'application/json'), answer).type).toBe('down');
  expect(read(respond(200), { ...answer, nonce: 'another-request-0' }).type).toBe('down');
  expect(read(respond(200), JSON.stringify(answer).slice(0, 80)).type).toBe('down');
  expect(read(respond(200), { ...answer, surprise: 1 }).type).toBe('down');
  expect(read(respond(511, 'text/html'), 'log in').type).toBe('down');
});

test('[NW4] 401 asks for a token', () => {
  expect(read(respond(401), { error: { code: 'NotAuthenticated', message: 'no' } })).toEqual({ type: 'needs-auth' });
});

test('[NW5, SV8] what passes is repeated, when the server says', () => {
  for (const status of [408, 425, 429, 500, 502, 503]) expect(read(respond(status), {}).type, `${status}`).toBe('busy');
  expect(read(respond(503, MEDIA_TYPE, { 'retry-after': '7' }), {})).toMatchObject({ retryAfterMs: 7_000 });
  expect(read(respond(413), { error: { code: 'RequestTooLarge', message: 'x' } })).toMatchObject({
    type: 'rejected',
    code: 'RequestTooLarge',
  });
});

test('[SY13] another protocol or a newer schema says what has to be updated', () => {
  expect(read(respond(426), { error: { code: 'UnsupportedProtocol', message: 'm' } }).type).toBe('upgrade-required');
  expect(read(respond(409), { error: { code: 'UnknownSchema', message: 'm' } }).type).toBe('upgrade-required');
});

test('[NW4] without a token nothing is asked', async () => {
  let asked = 0;
  const fetch = async () => {
    asked += 1;
    return respond(200);
  };
  const backend = httpBackend({ url: 'http://127.0.0.1:1/', token: () => null, fetch });
  expect(await backend.exchange(request, new AbortController().signal)).toEqual({ type: 'needs-auth' });
  expect(await backend.live(() => {}, new AbortController().signal)).toBe('never-open');
  expect(asked).toBe(0);
});

test('[SY3] a stream of news asks at once when it opens: what came before was told to nobody here', async () => {
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(': open\n\ndata: {"news":true}\n\n'));
      controller.close();
    },
  });
  const fetch = async () => new Response(body, { headers: { 'content-type': 'text/event-stream' } });
  const backend = httpBackend({ url: 'http://127.0.0.1:1', token: () => 'token', fetch });
  let news = 0;
  const count = () => {
    news += 1;
  };
  expect(await backend.live(count, new AbortController().signal)).toBe('was-open');
  expect(news).toBe(2);
});
