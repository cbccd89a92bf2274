import {
  type ExchangeRequest,
  errorResponse,
  exchangeResponse,
  MEDIA_TYPE,
  PROTOCOL_VERSION,
  parseJson,
} from '@holdfast/core';
import type { ExchangeResult } from '../ports/backend.ts';
import { type AnswerClass, type AnswerClasses, classOf, classOfForeign } from './answer-class.ts';
import { retryAfterMs } from './retry-after.ts';

/** Deeper than any answer of ours: pages hold groups, groups records, records values. */
const ANSWER_DEPTH = 64;

/**
 * NW1, NW5: what an answer means. Only a body of our media type that echoes the request's nonce is the
 * server's; all else is no link, whatever its status says (hazard G1).
 */
export function readAnswer(
  request: ExchangeRequest,
  response: Response,
  body: string,
  classes?: AnswerClasses,
): ExchangeResult {
  if (!isOurs(response)) {
    const detail = `an answer that is not the server's (${response.status})`;
    return resultOf(classOfForeign(response.status, classes), response, 'Unknown', detail);
  }
  const parsed = parseJson(body, ANSWER_DEPTH);
  if ('problem' in parsed) return { type: 'down', detail: `a body that is cut or broken (${parsed.problem})` };
  if (response.ok) return readSuccess(request, parsed.value, body);
  const failed = errorResponse.safeParse(parsed.value);
  const code = failed.success ? failed.data.error.code : 'Unknown';
  const detail = failed.success ? failed.data.error.message : `status ${response.status}`;
  return resultOf(classOf(response.status, failed.success ? code : null, classes), response, code, detail);
}

export function isOurs(response: Response): boolean {
  return response.headers.get('content-type')?.split(';')[0]?.trim() === MEDIA_TYPE;
}

function readSuccess(request: ExchangeRequest, value: unknown, body: string): ExchangeResult {
  // Asked first: the shapes of another version are not known here.
  const spoken = spokenBy(value);
  if (spoken.nonce === request.nonce && typeof spoken.protocol === 'number' && spoken.protocol !== PROTOCOL_VERSION) {
    const older = spoken.protocol < PROTOCOL_VERSION ? 'server' : 'app';
    const versions = `app ${PROTOCOL_VERSION}, server ${spoken.protocol}`;
    return { type: 'upgrade-required', detail: `They speak different versions (${versions}): update the ${older}.` };
  }
  const answer = exchangeResponse.safeParse(value);
  if (!answer.success) return { type: 'down', detail: 'an answer of another form' };
  if (answer.data.nonce !== request.nonce) return { type: 'down', detail: 'an answer to another request' };
  return { type: 'answered', response: answer.data, bytes: body.length };
}

function spokenBy(value: unknown): { readonly nonce: unknown; readonly protocol: unknown } {
  if (typeof value !== 'object' || value === null) return { nonce: null, protocol: null };
  return { nonce: 'nonce' in value ? value.nonce : null, protocol: 'protocol' in value ? value.protocol : null };
}

function resultOf(means: AnswerClass, response: Response, code: string, detail: string): ExchangeResult {
  switch (means) {
    case 'answered':
    case 'down':
      return { type: 'down', detail };
    case 'needs-auth':
      return { type: 'needs-auth' };
    case 'upgrade-required':
      return { type: 'upgrade-required', detail };
    case 'busy': {
      const wait = retryAfterMs(response.headers.get('retry-after'), response.headers.get('date'));
      return { type: 'busy', retryAfterMs: wait, detail };
    }
    case 'conflict':
    case 'too-large':
    case 'malformed':
      return { type: 'rejected', code, detail, speaksOf: 'content' };
    case 'rejected':
      return { type: 'rejected', code, detail, speaksOf: 'sender' };
  }
}
