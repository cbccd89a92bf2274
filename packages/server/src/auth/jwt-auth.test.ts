import { limits } from '@holdfast/core';
import { SignJWT, UnsecuredJWT } from 'jose';
import { expect, test } from 'vitest';
import { jwtAuth, signToken } from './jwt-auth.ts';

const clock = { now: () => 1_700_000_500_000 };
const secret = 'a secret of this test, long enough';
const key = new TextEncoder().encode(secret);
const auth = jwtAuth({ secret, clock });
const seconds = clock.now() / 1_000;
const claims = { sub: 'ada', scopes: ['mentor:ada'], role: 'mentor', exp: seconds + 60 };

const tokenWith = (payload: Record<string, unknown>, alg = 'HS256', by: Uint8Array = key) =>
  new SignJWT(payload).setProtectedHeader({ alg }).sign(by);

test('[SV5] who it is comes from the token: user, role, scopes, and until when', async () => {
  const token = await signToken({ user: 'ada', role: 'mentor', scopes: ['a', 'b', 'a'] }, { secret, clock });
  expect(await auth.authenticate(token)).toEqual({
    ok: true,
    value: {
      principal: { user: 'ada', role: 'mentor', scopes: ['a', 'b'] },
      expiresAt: (seconds + 3_600) * 1_000,
    },
  });
  expect(await auth.authenticate(await tokenWith({ ...claims, role: undefined }))).toMatchObject({
    value: { principal: { role: null } },
  });
});

const refused: [string, () => Promise<string> | string][] = [
  ['nonsense', () => 'x.y.z'],
  ['no signature', () => new UnsecuredJWT(claims).encode()],
  ['another algorithm', () => tokenWith(claims, 'HS512', new TextEncoder().encode(secret.repeat(2)))],
  ['another secret', () => tokenWith(claims, 'HS256', new TextEncoder().encode(`${secret}!`))],
  ['an expired one', () => tokenWith({ ...claims, exp: seconds - 60 })],
  ['one without an end', () => tokenWith({ ...claims, exp: undefined })],
  ['one that is not good yet', () => tokenWith({ ...claims, nbf: seconds + 600 })],
  ['no user', () => tokenWith({ ...claims, sub: undefined })],
  ['an empty user', () => tokenWith({ ...claims, sub: '' })],
  ['a user that no database takes', () => tokenWith({ ...claims, sub: 'a\u0000' })],
  ['no scopes', () => tokenWith({ ...claims, scopes: undefined })],
  ['scopes that are no list', () => tokenWith({ ...claims, scopes: 'mentor:ada' })],
  ['scopes that are no text', () => tokenWith({ ...claims, scopes: [1] })],
  ['a scope that is too long', () => tokenWith({ ...claims, scopes: ['x'.repeat(201)] })],
  ['too many scopes', () => tokenWith({ ...claims, scopes: Array.from({ length: limits.scopes + 1 }, () => 'a') })],
  ['a role that is no text', () => tokenWith({ ...claims, role: { admin: true } })],
  ['a token of endless length', () => 'x'.repeat(100_000)],
];

test.each(refused)('[NW4, SV6] %s is refused with a reason, and throws nothing', async (_, token) => {
  expect(await auth.authenticate(await token())).toEqual({ ok: false, error: { detail: expect.any(String) } });
});

test('[SV5] issuer and audience, where they are declared', async () => {
  const strict = { secret, clock, issuer: 'clinic', audience: 'sync' };
  const who = { user: 'ada', role: null, scopes: [] };
  expect((await jwtAuth(strict).authenticate(await signToken(who, strict))).ok).toBe(true);
  expect((await jwtAuth(strict).authenticate(await signToken(who, { secret, clock }))).ok).toBe(false);
  const elsewhere = await signToken(who, { ...strict, audience: 'files' });
  expect((await jwtAuth(strict).authenticate(elsewhere)).ok).toBe(false);
});

test('[SV6] a secret that could be guessed is refused at the start', () => {
  expect(() => jwtAuth({ secret: 'short', clock })).toThrow(expect.objectContaining({ code: 'InvalidConfig' }));
});
