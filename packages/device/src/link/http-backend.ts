import type { Backend, BackendHome, ExchangeResult } from '../ports/backend.ts';
import type { AnswerClasses } from './answer-class.ts';
import { addTraffic, NO_TRAFFIC } from './byte-budget.ts';
import { createHosts } from './hosts.ts';
import type { Fetch } from './http-call.ts';
import { createHttpExchange, detailOf, type Gzip, HEAD_BYTES } from './http-exchange.ts';
import { readLiveStream } from './live-stream.ts';
import { newNonce, probe } from './probe.ts';
import { createTokens, type TokenSupplier } from './tokens.ts';

export interface HttpBackendOptions {
  /** Where the server is, such as `https://sync.example.org`; several addresses of one server, the best first. */
  readonly url: string | readonly string[];
  readonly token: TokenSupplier;
  readonly fetch: Fetch;
  readonly gzip?: Gzip | null;
  /** The app's own classes of answers (NW5). */
  readonly classes?: AnswerClasses;
}

const NOBODY: ExchangeResult = { type: 'down', detail: 'the server is not there' };

/** The Holdfast server over HTTP, at one or several addresses, for the device at `home`. */
export function httpBackend(options: HttpBackendOptions): (home: BackendHome) => Backend {
  return ({ platform, storeName, tokens: shelf }) => {
    const { clock, locks, random, timers } = platform;
    let traffic = NO_TRAFFIC;
    const count = (sent: number, received: number) => {
      traffic = addTraffic(traffic, { sent, received });
    };
    const deps = { fetch: options.fetch, clock, timers };
    const hosts = createHosts({
      urls: [options.url].flat().map((url) => url.replace(/\/+$/, '')),
      clock,
      random,
      probe(base) {
        count(HEAD_BYTES, HEAD_BYTES);
        return probe(deps, base, newNonce(random));
      },
    });
    const tokens = createTokens({ supplier: options.token, shelf, locks, timers, lockName: `${storeName}:token` });
    const send = createHttpExchange({ ...deps, gzip: options.gzip ?? null, classes: options.classes ?? {}, count });

    return {
      async exchange(request, signal, call) {
        const ask = async (token: string): Promise<ExchangeResult> => {
          const results = await hosts.ask((base) => send(base, token, request, signal, call), signal);
          // What one of them said tells more than that another is not there.
          return results.findLast(({ type }) => type !== 'down') ?? results.at(-1) ?? NOBODY;
        };
        try {
          const token = await tokens.current();
          if (token === null) return { type: 'needs-auth' };
          const result = await ask(token.token);
          const fresh = result.type === 'needs-auth' ? await tokens.renew(token) : null;
          if (fresh === null) return result;
          const second = await ask(fresh.token);
          if (second.type === 'needs-auth') tokens.refuse(fresh);
          return second;
        } catch (error) {
          return { type: 'down', detail: detailOf(error) };
        }
      },
      async live(onNews, signal) {
        const base = hosts.healthy();
        if (base === null) return 'never-open';
        try {
          const token = await tokens.current();
          if (token === null || signal.aborted) return 'never-open';
          count(HEAD_BYTES, HEAD_BYTES);
          const end = await readLiveStream(deps, base, token.token, onNews, (bytes) => count(0, bytes), signal);
          // The exchange finds out for itself, and gets a fresh one.
          return end === 'needs-auth' ? 'never-open' : end;
        } catch {
          return 'never-open';
        }
      },
      takeTraffic() {
        const taken = traffic;
        traffic = NO_TRAFFIC;
        return taken;
      },
    };
  };
}
