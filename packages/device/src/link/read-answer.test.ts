import { type ExchangeRequest, type ExchangeResponse, MEDIA_TYPE, PROTOCOL_VERSION, WANT_ALL } from '@holdfast/core';
import { expect, test } from 'vitest';
import { readAnswer } from './read-answer.ts';

const request = {
  protocol: PROTOCOL_VERSION,
  schema: 1,
  device: '018f0000-0000-7000-8000-000000000001',
  nonce: 'abcdefghijklmnop',
  epoch: null,
  mutations: [],
  ack: { receipts: [], floor: null },
  cursor: null,
  catchUp: null,
  want: WANT_ALL,
} as unknown as ExchangeRequest;

const answer = {
  protocol: PROTOCOL_VERSION,
  nonce: request.nonce,
  epoch: '0mijk0000aaaa',
  now: 5,
  receipts: [],
  held: [],
  pages: [],
  whole: [],
  fetched: [],
  checksums: null,
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
  const until = { 'retry-after': 'Sun, 06 Nov 1994 08:49:37 GMT', date: 'Sun, 06 Nov 1994 08:49:07 GMT' };
  expect(read(respond(503, MEDIA_TYPE, until), {})).toMatchObject({ retryAfterMs: 30_000 });
});

test('[NW5] what speaks of the content, and what of the sender', () => {
  const error = (code: string) => ({ error: { code, message: 'x' } });
  const content = { type: 'rejected', speaksOf: 'content' };
  expect(read(respond(413), error('RequestTooLarge'))).toMatchObject({ ...content, code: 'RequestTooLarge' });
  expect(read(respond(400), error('MalformedRequest'))).toMatchObject(content);
  expect(read(respond(409), error('Something'))).toMatchObject(content);
  expect(read(respond(403), error('DeviceTaken'))).toMatchObject({ type: 'rejected', speaksOf: 'sender' });
});

test('[NW5] the classes of the app come first', () => {
  const own = { Suspended: 'needs-auth', 404: 'busy' } as const;
  const body = JSON.stringify({ error: { code: 'Suspended', message: 'x' } });
  expect(readAnswer(request, respond(403), body, own)).toEqual({ type: 'needs-auth' });
  expect(readAnswer(request, respond(404), '{}', own).type).toBe('busy');
});

test('[NW1, NW5] a proxy that says "too large" or "too many" is believed; it is no link all the same', () => {
  expect(read(respond(413, 'text/html'), '<html>')).toMatchObject({ type: 'rejected', speaksOf: 'content' });
  expect(read(respond(429, 'text/html', { 'retry-after': '9' }), '<html>')).toMatchObject({
    type: 'busy',
    retryAfterMs: 9_000,
  });
  for (const status of [401, 403, 500, 503]) expect(read(respond(status, 'text/html'), '<html>').type).toBe('down');
});

test('[SY13] another protocol or a newer schema says what has to be updated', () => {
  expect(read(respond(426), { error: { code: 'UnsupportedProtocol', message: 'm' } }).type).toBe('upgrade-required');
  expect(read(respond(409), { error: { code: 'UnknownSchema', message: 'm' } }).type).toBe('upgrade-required');
});

test('[SY13] an answer of another version says which side is the older one, whatever its form', () => {
  const other = (protocol: number) => ({ protocol, nonce: request.nonce, shapes: 'of its own' });
  const newer = read(respond(200), other(PROTOCOL_VERSION + 1));
  expect(newer).toMatchObject({ type: 'upgrade-required', detail: expect.stringContaining('update the app') });
  const older = read(respond(200), other(PROTOCOL_VERSION - 1));
  expect(older).toMatchObject({ type: 'upgrade-required', detail: expect.stringContaining('update the server') });
  // To another request: nobody knows whose it is.
  expect(read(respond(200), { ...other(9), nonce: 'another-request-0' }).type).toBe('down');
});
