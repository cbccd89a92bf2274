import {
  catalogue,
  type ErrorCode,
  type ErrorResponse,
  exchangeRequest,
  hasCode,
  limits,
  PROTOCOL_VERSION,
  parseJson,
} from '@holdfast/core';
import type { Principal } from '../auth/principal.ts';
import { safeText } from '../decide/safe-text.ts';
import type { Exchange } from './create-exchange.ts';
import type { RequestProblem } from './request-problem.ts';

/** A response without HTTP: its status and the text of its body. */
export interface TextResponse {
  readonly status: number;
  readonly body: string;
  /** The error's code and what it is about; null for an answer. */
  readonly code: ErrorCode | null;
  readonly detail?: string;
}

/**
 * One exchange from the text of a request to the text of a response, whatever the text holds. `onFault`
 * hears of what is the server's own fault and is answered as `Internal`.
 */
export async function handleExchangeText(
  exchange: Exchange,
  principal: Principal,
  bodyText: string,
  onFault: (error: unknown) => void = () => {},
  requestId?: string,
): Promise<TextResponse> {
  const request = readRequest(bodyText);
  if ('code' in request) return errorText(request, requestId);
  try {
    const answered = await exchange(principal, request);
    if (!answered.ok) return errorText(answered.error, requestId);
    return { status: 200, body: JSON.stringify(answered.value), code: null };
  } catch (error) {
    onFault(error);
    return errorText({ code: isPassing(error) ? 'Busy' : 'Internal' }, requestId);
  }
}

function isPassing(error: unknown): boolean {
  return hasCode(error, 'Busy') || hasCode(error, 'DatabaseUnreachable');
}

/** The body of an error, with its status from the catalogue. */
export function errorText({ code, detail }: RequestProblem, requestId?: string): TextResponse {
  const entry: { says: string; next: string; status?: number } = catalogue[code];
  const message = `${entry.says}${detail === undefined ? '' : ` (${detail})`} ${entry.next}`;
  const body: ErrorResponse = { error: { code, message, ...(requestId === undefined ? {} : { requestId }) } };
  const about = detail === undefined ? {} : { detail };
  return { status: entry.status ?? 500, body: JSON.stringify(body), code, ...about };
}

function readRequest(text: string): ReturnType<typeof exchangeRequest.parse> | RequestProblem {
  const parsed = parseJson(text, limits.depth);
  if ('problem' in parsed) {
    return parsed.problem === 'too-deep'
      ? { code: 'RequestTooDeep' }
      : { code: 'MalformedRequest', detail: parsed.problem };
  }
  // Asked first: the shapes of another version are not known here.
  const { value } = parsed;
  const spoken = typeof value === 'object' && value !== null && 'protocol' in value ? value.protocol : null;
  if (typeof spoken === 'number' && spoken !== PROTOCOL_VERSION) {
    return { code: 'UnsupportedProtocol', detail: `the server speaks ${PROTOCOL_VERSION}` };
  }
  const checked = exchangeRequest.safeParse(value);
  if (checked.success) return checked.data;
  const [issue] = checked.error.issues;
  return { code: 'MalformedRequest', detail: safeText(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`) };
}
