import { MEDIA_TYPE, parseJson, probeAnswer } from '@holdfast/core';
import type { Random } from '../ports/platform.ts';
import { type HttpCallDeps, httpCall } from './http-call.ts';
import type { Deadlines } from './link-speed.ts';
import { isOurs } from './read-answer.ts';

/** It carries next to nothing: who does not answer by then is not there. */
const DEADLINES: Deadlines = { firstByteMs: 15_000, idleMs: 10_000, totalMs: 20_000 };

/** NW1: whether our server is at this address: it says the nonce that nobody can know. Never throws. */
export async function probe(deps: HttpCallDeps, base: string, nonce: string): Promise<boolean> {
  try {
    const { response, text } = await httpCall(deps, {
      url: `${base}/v1/probe`,
      init: {
        method: 'POST',
        headers: { 'content-type': MEDIA_TYPE, accept: MEDIA_TYPE },
        body: JSON.stringify({ nonce }),
      },
      signal: new AbortController().signal,
      deadlines: DEADLINES,
      onProgress: () => {},
      onBytes: () => {},
    });
    const parsed = parseJson(text, 4);
    const answer = 'problem' in parsed ? null : probeAnswer.safeParse(parsed.value);
    return response.ok && isOurs(response) && answer?.success === true && answer.data.nonce === nonce;
  } catch {
    return false;
  }
}

/** What an answer has to echo: nobody on the way can have kept one that does. */
export function newNonce(random: Pick<Random, 'bytes'>): string {
  return [...random.bytes(16)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
