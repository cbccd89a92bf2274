import { MEDIA_TYPE } from '@holdfast/core';
import { type Backend, readAnswer } from '@holdfast/device';
import type { Principal } from '@holdfast/server';
import type { Chance } from './chance.ts';
import type { Faults } from './faults.ts';
import type { SimServer } from './sim-server.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One device's link to the server: queues instead of sockets, and everything that can happen to a request. */
export interface SimLink {
  readonly backend: Backend;
  up: boolean;
}

export function createSimLink(
  server: SimServer,
  principal: () => Principal,
  time: VirtualTime,
  chance: Chance,
  faults: () => Faults,
): SimLink {
  const delay = () => {
    if (!chance.happens(faults().delay)) return 5 + chance.below(50);
    return chance.happens(0.05) ? chance.below(48 * 3_600_000) : chance.below(20_000);
  };
  const after = (ms: number) => new Promise<void>((resolve) => time.after(ms, resolve));

  const deliver = async (body: string) => {
    if (chance.happens(faults().duplicateRequest)) {
      // A copy takes its own way and arrives whenever it does; nobody reads its answer.
      time.after(delay(), () => void server.handle(principal(), body));
    }
    return server.handle(principal(), body);
  };

  const link: SimLink = {
    up: true,
    backend: {
      async exchange(request) {
        const down = (detail: string) => ({ type: 'down' as const, detail });
        if (!link.up) return down('no link');
        const { dropRequest, dropResponse, captivePortal, serverError, truncateBody } = faults();
        if (chance.happens(captivePortal)) return readAnswer(request, portal(), '<html>Welcome</html>');
        if (chance.happens(serverError)) return { type: 'busy', retryAfterMs: null, detail: 'status 503' };
        await after(delay());
        if (!link.up || chance.happens(dropRequest)) return down('request lost');
        const answer = await deliver(JSON.stringify(request));
        await after(delay());
        if (!link.up || chance.happens(dropResponse)) return down('response lost');
        const cut = chance.happens(truncateBody) ? answer.body.slice(0, chance.below(answer.body.length)) : answer.body;
        const headers = { 'content-type': MEDIA_TYPE };
        return readAnswer(request, new Response(null, { status: answer.status, headers }), cut);
      },
      live(onNews, signal) {
        return new Promise((resolve) => {
          if (!link.up) {
            resolve('never-open');
            return;
          }
          const stop = server.store.onNews((scopes) => {
            const mine = principal().scopes;
            if (link.up && scopes.some((scope) => mine.includes(scope))) time.after(delay(), onNews);
          });
          signal.addEventListener('abort', () => {
            stop();
            resolve('was-open');
          });
        });
      },
    },
  };
  return link;
}

function portal(): Response {
  return new Response(null, { status: 200, headers: { 'content-type': 'text/html' } });
}
