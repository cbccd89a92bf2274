import { type ExchangeRequest, MEDIA_TYPE } from '@holdfast/core';
import { type Backend, type ExchangeResult, readAnswer } from '@holdfast/device';
import type { Principal, TextResponse } from '@holdfast/server';
import { dice } from './chance.ts';
import type { Faults } from './faults.ts';
import type { SimServer } from './sim-server.ts';
import type { VirtualTime } from './virtual-time.ts';

/** One device's link to the server: queues instead of sockets, and everything that can happen to a request. */
export interface SimLink {
  readonly backend: Backend;
  up: boolean;
  /** The user's token is good; while it is not, the server answers 401. */
  authorized: boolean;
  /** What is still on its way arrives within a second. */
  hurry(): void;
  /** What the device asked for and what it got, for who counts (I15). */
  readonly asked: AskedExchange[];
}

export interface AskedExchange {
  readonly at: number;
  readonly request: ExchangeRequest;
  result: ExchangeResult['type'] | null;
}

export interface SimLinkParts {
  readonly server: SimServer;
  readonly principal: () => Principal;
  readonly time: VirtualTime;
  readonly seed: number;
  readonly faults: () => Faults;
}

/** What a proxy takes at once where it answers 413. */
const PROXY_TAKES = 3;
const HOUR_MS = 3_600_000;
const REMEMBERED_ANSWERS = 5;

interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly retryAfter?: number;
}

export function createSimLink({ server, principal, time, seed, faults }: SimLinkParts): SimLink {
  const draw = dice(seed);
  const happens = (name: keyof Faults) => faults()[name] > 0 && draw(name).happens(faults()[name]);
  const underWay = new Set<{ readonly cancel: () => void; readonly arrive: () => void }>();
  const earlier: HttpAnswer[] = [];
  const asked: AskedExchange[] = [];

  const travel = (arrive: () => void) => {
    let ms = 5 + draw('way').below(50);
    if (happens('delay')) ms = draw('way').below(20_000);
    if (happens('longDelay')) ms = draw('way').below(48 * HOUR_MS);
    const parcel = {
      cancel: time.after(ms, () => {
        underWay.delete(parcel);
        arrive();
      }),
      arrive,
    };
    underWay.add(parcel);
  };
  const travelled = () => new Promise<void>((resolve) => travel(resolve));

  const answered = async (body: string): Promise<HttpAnswer | null> => {
    if (!link.authorized) return { status: 401, type: MEDIA_TYPE, body: errorBody('NotAuthenticated') };
    const answer: TextResponse | null = await server.handle(principal(), body);
    return answer === null ? null : { status: answer.status, type: MEDIA_TYPE, body: answer.body };
  };

  const exchange = async (request: ExchangeRequest): Promise<ExchangeResult> => {
    const down = (detail: string) => ({ type: 'down' as const, detail });
    if (!link.up) return down('no link');
    const text = JSON.stringify(request);
    await travelled();
    if (!link.up || happens('dropRequest')) return down('request lost');
    const stranger = strangerAnswers(happens, draw, request, earlier);
    let answer = stranger;
    if (answer === null) {
      if (happens('duplicateRequest')) {
        // A copy takes its own way and arrives whenever it does; nobody reads its answer.
        travel(() => void answered(text));
      }
      answer = await answered(text);
      // The server died over it: the connection is reset.
      if (answer === null) return down('connection reset');
      earlier.push(answer);
      if (earlier.length > REMEMBERED_ANSWERS) earlier.shift();
    }
    await travelled();
    if (!link.up || happens('dropResponse')) return down('response lost');
    return read(request, damaged(happens, draw, answer));
  };

  const link: SimLink = {
    up: true,
    authorized: true,
    asked,
    hurry() {
      for (const { cancel, arrive } of underWay) {
        cancel();
        time.after(draw('way').below(1_000), arrive);
      }
      underWay.clear();
    },
    backend: {
      async exchange(request) {
        const note: AskedExchange = { at: time.now(), request, result: null };
        asked.push(note);
        const result = await exchange(request);
        note.result = result.type;
        return result;
      },
      live(onNews, signal) {
        return new Promise((resolve) => {
          if (!link.up || !link.authorized) {
            resolve('never-open');
            return;
          }
          const end = () => {
            stop();
            signal.removeEventListener('abort', end);
            resolve('was-open');
          };
          const stop = server.listen((scopes) => {
            const mine = principal().scopes;
            if (link.up && scopes.some((scope) => mine.includes(scope))) travel(onNews);
          }, end);
          signal.addEventListener('abort', end);
        });
      },
    },
  };
  return link;
}

function read(request: ExchangeRequest, { status, type, body, retryAfter }: HttpAnswer): ExchangeResult {
  const headers = { 'content-type': type, ...(retryAfter === undefined ? {} : { 'retry-after': `${retryAfter}` }) };
  return readAnswer(request, new Response(null, { status, headers }), body);
}

type Draw = ReturnType<typeof dice>;
type Happens = (name: keyof Faults) => boolean;

/** Who answers in the server's place: an address page, a proxy, a cache. Null where nobody does. */
function strangerAnswers(
  happens: Happens,
  draw: Draw,
  request: ExchangeRequest,
  earlier: readonly HttpAnswer[],
): HttpAnswer | null {
  const chance = draw('stranger');
  if (happens('captivePortal')) {
    const [status, type] = chance.pick([
      [200, 'text/html'],
      [200, 'text/html; charset=utf-8'],
      [511, 'text/html'],
      [403, 'text/html'],
      [404, 'text/html'],
      [200, 'application/json'],
    ] as const);
    return { status, type, body: '<html><body>Welcome! Please sign in.</body></html>' };
  }
  if (happens('serverError')) {
    const status = chance.pick([500, 502, 503, 504, 408, 425] as const);
    const retryAfter = chance.happens(0.3) ? { retryAfter: 1 + chance.below(120) } : {};
    return chance.happens(0.5)
      ? { status, type: 'text/html', body: '<h1>Bad Gateway</h1>', ...retryAfter }
      : { status, type: MEDIA_TYPE, body: errorBody('Internal'), ...retryAfter };
  }
  if (happens('tooMany')) {
    return { status: 429, type: MEDIA_TYPE, body: errorBody('Busy'), retryAfter: 1 + chance.below(120) };
  }
  if (happens('tooLarge') && request.mutations.length > PROXY_TAKES) {
    const type = chance.pick([MEDIA_TYPE, 'text/html']);
    return { status: 413, type, body: errorBody('RequestTooLarge') };
  }
  if (earlier.length > 0 && happens('staleAnswer')) return chance.pick(earlier);
  return null;
}

/** What happens to an answer on its way back. */
function damaged(happens: Happens, draw: Draw, answer: HttpAnswer): HttpAnswer {
  let { body } = answer;
  if (happens('truncateBody')) body = body.slice(0, draw('truncateBody').below(body.length));
  // What a meddling proxy adds. A flipped bit cannot come through TLS.
  if (happens('corruptBody')) {
    body = draw('corruptBody').pick([`${body}<script src="//ads"></script>`, `\ufeff${body}`, `${body}${body}`, '']);
  }
  return { ...answer, body };
}

function errorBody(code: string): string {
  return JSON.stringify({ error: { code, message: 'by the simulation' } });
}
