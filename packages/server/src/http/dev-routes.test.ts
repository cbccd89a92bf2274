import { mintEpoch } from '@holdfast/core';
import { clinic } from '@holdfast/testkit';
import { expect, test } from 'vitest';
import type { Auth } from '../auth/auth.ts';
import { jwtAuth } from '../auth/jwt-auth.ts';
import { memoryStore } from '../memory/memory-store.ts';
import { createHandler, type HandlerOptions } from './create-handler.ts';

const clock = { now: () => 1_700_000_500_000 };
const auth = jwtAuth({ secret: 'a secret of this test, long enough', clock });
const users = [{ id: 'ada', name: 'Ada', role: 'mentor', scopes: ['mentor:ada'] }];

function handlerWith(options: Partial<HandlerOptions> = {}) {
  const store = memoryStore({ schema: clinic, epoch: mintEpoch(1, new Uint8Array(4), null) });
  return createHandler({ store, schema: clinic, auth, clock, ...options });
}

const token = (body: string) => new Request('http://server/v1/dev/token', { method: 'POST', body });

test('[SV5] signing in without a password is there only where a list of users is given', async () => {
  const closed = handlerWith();
  expect((await closed.fetch(new Request('http://server/v1/dev/users'))).status).toBe(404);
  expect((await closed.fetch(token('{"user":"ada"}'))).status).toBe(404);
});

test('[SV5] its users are listed without their scopes; its tokens are those of the user', async () => {
  const open = handlerWith({ devUsers: () => users });
  const listed = await open.fetch(new Request('http://server/v1/dev/users'));
  expect(await listed.json()).toEqual({ users: [{ id: 'ada', name: 'Ada', role: 'mentor' }] });
  const answer = (await (await open.fetch(token('{"user":"ada"}'))).json()) as { token: string };
  expect(await auth.authenticate(answer.token)).toMatchObject({
    value: { principal: { user: 'ada', role: 'mentor', scopes: ['mentor:ada'] } },
  });
});

test('[SV6] who is not on the list, and what is no request, get an error', async () => {
  const open = handlerWith({ devUsers: async () => users });
  expect((await open.fetch(token('{"user":"eve"}'))).status).toBe(404);
  for (const body of ['', '{}', '{"user":1}', 'null', `{"user":"${'x'.repeat(9_999)}"}`]) {
    expect((await open.fetch(token(body))).status).toBe(400);
  }
});

test('[SV5] tokens that are made elsewhere cannot be made here', () => {
  const foreign: Auth = { authenticate: (given) => auth.authenticate(given) };
  const start = () => handlerWith({ devUsers: () => users, auth: foreign });
  expect(start).toThrow(expect.objectContaining({ code: 'InvalidConfig' }));
});
