import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { type ErrorCode, err, ok, type Result } from '@holdfast/core';

export interface BodyLimits {
  /** Bytes once decompressed. */
  readonly maxBytes: number;
  /** Decompressed bytes for one compressed byte. */
  readonly expansion: number;
  /** For the whole body to arrive. */
  readonly timeoutMs: number;
}

/** What is known of a body while it is read. `problem` ended it, whatever error a stream makes of that. */
interface Reading {
  arrivedBytes: number;
  bytes: number;
  problem: ErrorCode | null;
}

/** Little data expands far and harms nobody: ratios count from here. */
const RATIO_FROM_BYTES = 64 * 1024;

/**
 * The text of a request's body. What is compressed is counted while it expands and cut off where it
 * passes a limit, so that neither a bomb nor a slow sender holds more than the limits (hazards J1, J8).
 */
export async function readBody(request: Request, limits: BodyLimits): Promise<Result<string, ErrorCode>> {
  const encoding = (request.headers.get('content-encoding') ?? 'identity').trim().toLowerCase();
  if (encoding !== 'identity' && encoding !== 'gzip') return err('UnsupportedEncoding');
  if (Number(request.headers.get('content-length') ?? 0) > limits.maxBytes) return err('RequestTooLarge');
  const chunks: Uint8Array[] = [];
  const reading: Reading = { arrivedBytes: 0, bytes: 0, problem: null };
  const take = (chunk: Uint8Array) => {
    reading.bytes += chunk.length;
    const ratio = reading.bytes / Math.max(1, reading.arrivedBytes);
    const bomb = reading.bytes > RATIO_FROM_BYTES && ratio > limits.expansion;
    if (bomb || reading.bytes > limits.maxBytes) throw stopped(reading, 'RequestTooLarge');
    chunks.push(chunk);
  };
  try {
    const source = arriving(request, limits.timeoutMs, reading);
    if (encoding === 'gzip') await expand(source, take);
    else for await (const chunk of source) take(chunk);
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks)));
  } catch {
    // Without a problem of ours: a body that broke off, is no gzip, or is not UTF-8.
    return err(reading.problem ?? 'MalformedRequest');
  }
}

function stopped(reading: Reading, problem: ErrorCode): Error {
  reading.problem ??= problem;
  return new Error(problem);
}

/** zlib's own limit on its output does not hold for streams, so `take` counts. */
async function expand(source: AsyncIterable<Uint8Array>, take: (chunk: Uint8Array) => void): Promise<void> {
  await pipeline(Readable.from(source), createGunzip(), async (expanded: AsyncIterable<Uint8Array>) => {
    for await (const chunk of expanded) take(chunk);
  });
}

async function* arriving(request: Request, timeoutMs: number, reading: Reading): AsyncGenerator<Uint8Array> {
  const reader = request.body?.getReader();
  if (reader === undefined) return;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(stopped(reading, 'RequestTimeout')), timeoutMs);
  });
  // Where nobody is waiting when it strikes, it must not count as unhandled.
  late.catch(() => {});
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late]);
      if (done) return;
      reading.arrivedBytes += value.length;
      yield value;
    }
  } finally {
    clearTimeout(timer);
    // Not awaited: a sender that has gone silent would hold it.
    reader.cancel().catch(() => {});
  }
}
