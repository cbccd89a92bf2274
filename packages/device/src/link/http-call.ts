import type { Clock, Timers } from '../ports/platform.ts';
import type { Deadlines } from './link-speed.ts';
import { heeding, within } from './within.ts';

export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface HttpCallDeps {
  readonly fetch: Fetch;
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly timers: Timers;
}

export interface HttpCall {
  readonly url: string;
  readonly init: Omit<RequestInit, 'signal'>;
  readonly signal: AbortSignal;
  readonly deadlines: Deadlines;
  readonly onProgress: (withinMs: number) => void;
  /** Told of each piece of the answer. */
  readonly onBytes: (bytes: number) => void;
}

export interface HttpAnswer {
  readonly response: Response;
  readonly text: string;
  readonly firstByteMs: number;
  readonly bodyMs: number;
}

/** What no request of ours may do: follow an address elsewhere, be kept, or carry a page's cookies. */
export const OWN_WAY = { redirect: 'error', cache: 'no-store', credentials: 'omit' } as const satisfies RequestInit;

/**
 * One request and the whole of its answer, each step with its deadline. A transport that does not heed its
 * signal is left behind (hazard G4). @throws TooLate, and whatever `fetch` throws
 */
export async function httpCall(deps: HttpCallDeps, call: HttpCall): Promise<HttpAnswer> {
  const { deadlines, signal } = call;
  const controller = new AbortController();
  const leave = () => controller.abort();
  signal.addEventListener('abort', leave, { once: true });
  if (signal.aborted) leave();
  const wait = <T>(ms: number, what: string, work: Promise<T>) =>
    within(deps.timers, ms, what, heeding(controller.signal, work));
  const whole = async (): Promise<HttpAnswer> => {
    const startedAt = deps.clock.monotonic();
    call.onProgress(deadlines.firstByteMs);
    const asked = deps.fetch(call.url, { ...OWN_WAY, ...call.init, signal: controller.signal });
    const response = await wait(deadlines.firstByteMs, 'no answer', asked);
    const answeredAt = deps.clock.monotonic();
    const pieces = await readPieces(
      response,
      (piece) => {
        call.onProgress(deadlines.idleMs);
        return wait(deadlines.idleMs, 'nothing more', piece);
      },
      call.onBytes,
    );
    const endedAt = deps.clock.monotonic();
    return { response, text: pieces, firstByteMs: answeredAt - startedAt, bodyMs: endedAt - answeredAt };
  };
  try {
    return await within(deps.timers, deadlines.totalMs, 'no end', whole());
  } catch (error) {
    leave();
    throw error;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}

type Piece = ReadableStreamReadResult<Uint8Array>;

async function readPieces(
  response: Response,
  wait: (piece: Promise<Piece>) => Promise<Piece>,
  onBytes: (bytes: number) => void,
): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return '';
  const decoder = new TextDecoder();
  let text = '';
  try {
    for (;;) {
      const { done, value } = await wait(reader.read());
      if (done) return text + decoder.decode();
      onBytes(value.length);
      text += decoder.decode(value, { stream: true });
    }
  } catch (error) {
    // Not every fetch lets go of a body that is being read when its signal is aborted.
    reader.cancel().catch(() => {});
    throw error;
  }
}
