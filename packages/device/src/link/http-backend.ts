import { type ExchangeRequest, errorResponse, exchangeResponse, MEDIA_TYPE, parseJson } from '@holdfast/core';
import type { Backend, ExchangeResult } from '../ports/backend.ts';

export interface HttpBackendOptions {
  /** Where the server is, such as `https://sync.example.org`. */
  readonly url: string;
  /** A token for the server, or null while there is none: then nothing is asked (NW4). */
  readonly token: () => Promise<string | null> | string | null;
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
}

/** Deeper than any answer of ours: pages hold groups, groups records, records values. */
const ANSWER_DEPTH = 64;

/** The Holdfast server over HTTP. */
export function httpBackend({ url, token, fetch }: HttpBackendOptions): Backend {
  const base = url.replace(/\/+$/, '');

  const headers = async (): Promise<Record<string, string> | null> => {
    const bearer = await token();
    return bearer === null ? null : { authorization: `Bearer ${bearer}` };
  };

  return {
    async exchange(request, signal) {
      try {
        const auth = await headers();
        if (auth === null) return { type: 'needs-auth' };
        const response = await fetch(`${base}/v1/exchange`, {
          method: 'POST',
          headers: { ...auth, 'content-type': MEDIA_TYPE, accept: MEDIA_TYPE },
          body: JSON.stringify(request),
          signal,
          redirect: 'error',
          cache: 'no-store',
          credentials: 'omit',
        });
        return readAnswer(request, response, await response.text());
      } catch (error) {
        return { type: 'down', detail: error instanceof Error ? error.message : String(error) };
      }
    },
    async live(onNews, signal) {
      let open = false;
      try {
        const auth = await headers();
        if (auth === null) return 'never-open';
        const response = await fetch(`${base}/v1/live`, {
          headers: { ...auth, accept: 'text/event-stream' },
          signal,
          redirect: 'error',
          cache: 'no-store',
          credentials: 'omit',
        });
        if (!response.ok || !response.headers.get('content-type')?.startsWith('text/event-stream')) return 'never-open';
        open = true;
        // What was committed before the stream stood was told to nobody here.
        onNews();
        await readEvents(response, onNews, signal);
      } catch {
        // The link broke: that is what the answer says.
      }
      return open ? 'was-open' : 'never-open';
    },
  };
}

async function readEvents(response: Response, onNews: () => void, signal: AbortSignal): Promise<void> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  // Not every fetch lets go of a body that is being read when its signal is aborted.
  signal.addEventListener('abort', () => void reader.cancel().catch(() => undefined), { once: true });
  const decoder = new TextDecoder();
  let rest = '';
  while (!signal.aborted) {
    const { done, value } = await reader.read();
    if (done) return;
    const events = (rest + decoder.decode(value, { stream: true })).split('\n\n');
    rest = (events.pop() ?? '').slice(-10_000);
    if (events.some((event) => /^data:/m.test(event))) onNews();
  }
}

/**
 * NW1, NW5: what an answer means. Only a body of our media type that echoes the request's nonce is the
 * server's; all else is no link, whatever its status says (hazard G1).
 */
export function readAnswer(request: ExchangeRequest, response: Response, body: string): ExchangeResult {
  const ours = response.headers.get('content-type')?.split(';')[0]?.trim() === MEDIA_TYPE;
  if (!ours) return { type: 'down', detail: `an answer that is not the server's (${response.status})` };
  const parsed = parseJson(body, ANSWER_DEPTH);
  if ('problem' in parsed) return { type: 'down', detail: `a body that is cut or broken (${parsed.problem})` };
  if (response.ok) {
    const answer = exchangeResponse.safeParse(parsed.value);
    if (!answer.success) return { type: 'down', detail: 'an answer of another form' };
    if (answer.data.nonce !== request.nonce) return { type: 'down', detail: 'an answer to another request' };
    return { type: 'answered', response: answer.data, bytes: body.length };
  }
  const failed = errorResponse.safeParse(parsed.value);
  const code = failed.success ? failed.data.error.code : 'Unknown';
  const detail = failed.success ? failed.data.error.message : `status ${response.status}`;
  switch (response.status) {
    case 401:
      return { type: 'needs-auth' };
    case 426:
      return { type: 'upgrade-required', detail };
    case 408:
    case 425:
    case 429:
      return { type: 'busy', retryAfterMs: retryAfter(response), detail };
    default:
      if (response.status >= 500) return { type: 'busy', retryAfterMs: retryAfter(response), detail };
      return code === 'UnknownSchema' ? { type: 'upgrade-required', detail } : { type: 'rejected', code, detail };
  }
}

/** Seconds only: the date form would have to trust a clock. */
function retryAfter(response: Response): number | null {
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? Math.min(seconds, 3_600) * 1_000 : null;
}
