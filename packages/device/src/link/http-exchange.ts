import { type ExchangeRequest, MEDIA_TYPE } from '@holdfast/core';
import type { ExchangeCall, ExchangeResult } from '../ports/backend.ts';
import type { AnswerClasses } from './answer-class.ts';
import type { Attempt } from './hosts.ts';
import { type HttpAnswer, type HttpCallDeps, httpCall } from './http-call.ts';
import type { Sample } from './link-speed.ts';
import { readAnswer } from './read-answer.ts';
import { TooLate } from './within.ts';

/** Compresses a text; a platform that cannot has none. */
export type Gzip = (text: string) => Promise<Uint8Array<ArrayBuffer>>;

export interface HttpExchangeDeps extends HttpCallDeps {
  readonly gzip: Gzip | null;
  readonly classes: AnswerClasses;
  readonly count: (sent: number, received: number) => void;
}

/** One exchange at one address. Never throws. */
export type HttpExchange = (
  base: string,
  token: string,
  request: ExchangeRequest,
  signal: AbortSignal,
  call: ExchangeCall,
) => Promise<Attempt<ExchangeResult>>;

/** Below this a body fits into one packet either way. */
const COMPRESS_FROM = 1_024;
/** A request's and an answer's head, roughly: they are not seen here. */
export const HEAD_BYTES = 400;

export function createHttpExchange(deps: HttpExchangeDeps): HttpExchange {
  // Given up for good where the server does not read it.
  let { gzip } = deps;

  const send: HttpExchange = async (base, token, request, signal, call) => {
    const text = JSON.stringify(request);
    const zipped = gzip === null || text.length < COMPRESS_FROM ? null : await gzip(text);
    deps.count((zipped ?? text).length + HEAD_BYTES, HEAD_BYTES);
    let arrived = 0;
    try {
      const answer = await httpCall(deps, {
        url: `${base}/v1/exchange`,
        init: {
          method: 'POST',
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': MEDIA_TYPE,
            accept: MEDIA_TYPE,
            ...(zipped && { 'content-encoding': 'gzip' }),
          },
          body: zipped ?? text,
        },
        signal,
        deadlines: call.deadlines(text.length),
        onProgress: call.onProgress,
        onBytes: (more) => {
          arrived += more;
        },
      });
      const wireBytes = wireBytesOf(answer.response, arrived);
      deps.count(0, wireBytes);
      const { status } = answer.response;
      if (status === 415 && zipped !== null) {
        gzip = null;
        return await send(base, token, request, signal, call);
      }
      const value = readAnswer(request, answer.response, answer.text, deps.classes);
      const failed = value.type === 'down' || (value.type === 'busy' && status >= 500);
      return { value: withSample(value, answer, text.length, wireBytes), failed };
    } catch (error) {
      deps.count(0, arrived);
      const value = { type: 'down', detail: detailOf(error), late: error instanceof TooLate } as const;
      return { value, failed: true };
    }
  };
  return send;
}

export function detailOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** `fetch` hands out what was expanded; the length of what travelled stands in the head, if anywhere. */
function wireBytesOf(response: Response, arrived: number): number {
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  return response.headers.has('content-encoding') && length > 0 ? length : arrived;
}

function withSample(value: ExchangeResult, answer: HttpAnswer, sentBytes: number, wireBytes: number): ExchangeResult {
  if (value.type !== 'answered') return value;
  const { firstByteMs, bodyMs } = answer;
  const sample: Sample = { sentBytes, receivedBytes: value.bytes, wireBytes, firstByteMs, bodyMs };
  return { ...value, sample };
}
