import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type ErrorCode, MEDIA_TYPE } from '@holdfast/core';
import { errorText } from '../exchange/handle-exchange-text.ts';

const compress = promisify(gzip);
/** Below this a body fits into one packet either way. */
const COMPRESS_FROM_BYTES = 1_024;
/** Within two percent of level 6 in bytes, for two thirds of its work; 4 and below are six and more behind. */
const GZIP_LEVEL = 5;
export const RETRY_AFTER_SECONDS = 5;

/** A body of ours, gzip where the other side reads it. */
export async function bodyResponse(request: Request, status: number, text: string): Promise<Response> {
  const headers: Record<string, string> = { ...NOT_STORED, 'content-type': MEDIA_TYPE, vary: 'accept-encoding' };
  if (text.length < COMPRESS_FROM_BYTES || !acceptsGzip(request)) return new Response(text, { status, headers });
  const body = await compress(text, { level: GZIP_LEVEL });
  headers['content-encoding'] = 'gzip';
  return new Response(new Uint8Array(body), { status, headers });
}

/** An error of the catalogue, with the id under which the log knows the request. */
export function errorResponse(code: ErrorCode, requestId: string, detail?: string): Response {
  const { status, body } = errorText(detail === undefined ? { code } : { code, detail }, requestId);
  const headers: Record<string, string> = { ...NOT_STORED, 'content-type': MEDIA_TYPE, 'x-request-id': requestId };
  if (status === 503) headers['retry-after'] = String(RETRY_AFTER_SECONDS);
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  return new Response(body, { status, headers });
}

export function jsonResponse(value: unknown, status = 200): Response {
  return Response.json(value, { status, headers: NOT_STORED });
}

/** Nothing between server and device may keep an answer (hazard A14). */
export const NOT_STORED = { 'cache-control': 'no-store' } as const;

function acceptsGzip(request: Request): boolean {
  const accepted = request.headers.get('accept-encoding') ?? '';
  return accepted.split(',').some((part) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$).*)?$/i.test(part));
}
