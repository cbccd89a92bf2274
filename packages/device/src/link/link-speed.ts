import { limits } from '@holdfast/core';

/** What was measured of one exchange. Bytes are of the bodies as JSON: what a batch and a page are counted in. */
export interface Sample {
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Of the answer's body on the wire, before it was expanded; where unknown, `receivedBytes`. */
  readonly wireBytes: number;
  /** From the start to the answer's head. */
  readonly firstByteMs: number;
  /** From there to its end. */
  readonly bodyMs: number;
}

/** How fast the link is, and what is therefore sent and asked for at once (NW6). Pure. */
export interface LinkSpeed {
  /** Null before they were measured; bytes of JSON for each millisecond. */
  readonly roundTripMs: number | null;
  readonly up: number | null;
  readonly down: number | null;
  /** Bytes of mutations in one exchange. */
  readonly batchBytes: number;
  /** Bytes of pages to ask for in one exchange. */
  readonly pageBytes: number;
}

/** One direction of one exchange takes about so long. */
const TARGET_MS = 4_000;
/** What a link of 32 kbit/s carries in some seconds, compressed: nothing is known of a link at first. */
const START_BYTES = 128 * 1024;
const LEAST_BYTES = 8 * 1024;
/** One exchange says so much: the next is at most this many times larger. */
const GROWTH = 8;
/** Less is gone before it can be timed. */
const TELLING_BYTES = 8 * 1024;
const WEIGHT = 0.3;
/** A link that got slower is believed sooner than one that got faster. */
const WEIGHT_SLOWER = 0.7;

export const UNKNOWN_SPEED: LinkSpeed = {
  roundTripMs: null,
  up: null,
  down: null,
  batchBytes: START_BYTES,
  pageBytes: START_BYTES,
};

/** Exponentially weighted, each direction by itself. The server's own time counts as the link's. */
export function learnSpeed(speed: LinkSpeed, sample: Sample): LinkSpeed {
  const small = sample.sentBytes < TELLING_BYTES;
  const roundTripMs = small
    ? weighted(speed.roundTripMs, sample.firstByteMs, WEIGHT)
    : speed.roundTripMs && Math.min(speed.roundTripMs, sample.firstByteMs);
  // A round trip that has got shorter since it was measured must not make the link look endlessly fast.
  const upMs = Math.max(1, sample.firstByteMs / 2, sample.firstByteMs - (speed.roundTripMs ?? 0));
  const up = small ? speed.up : learnRate(speed.up, sample.sentBytes / upMs);
  const telling = sample.wireBytes >= TELLING_BYTES;
  const down = telling ? learnRate(speed.down, sample.receivedBytes / Math.max(1, sample.bodyMs)) : speed.down;
  return {
    roundTripMs,
    up,
    down,
    batchBytes: small ? speed.batchBytes : sized(speed.batchBytes, up),
    pageBytes: telling ? sized(speed.pageBytes, down) : speed.pageBytes,
  };
}

/** An exchange came through, and nobody measured it: more is tried next. */
export function speedUp(speed: LinkSpeed): LinkSpeed {
  const more = (bytes: number) => Math.min(bytes * GROWTH, limits.pageBytes);
  return { ...speed, batchBytes: more(speed.batchBytes), pageBytes: more(speed.pageBytes) };
}

/** An exchange did not come through in its time: less is tried next. */
export function slowDown(speed: LinkSpeed): LinkSpeed {
  return {
    ...speed,
    up: speed.up === null ? null : speed.up / 2,
    down: speed.down === null ? null : speed.down / 2,
    batchBytes: Math.max(LEAST_BYTES, Math.floor(speed.batchBytes / 4)),
    pageBytes: Math.max(LEAST_BYTES, Math.floor(speed.pageBytes / 4)),
  };
}

/** How long a request may stay silent (NW8, hazard G4), in milliseconds. */
export interface Deadlines {
  /** To connect, send the body and get the answer's head. */
  readonly firstByteMs: number;
  /** Between two pieces of the answer. */
  readonly idleMs: number;
  /** A server that dribbles on and on is none, either. */
  readonly totalMs: number;
}

const CONNECT_MS = 10_000;
const ANSWER_MS = 30_000;
const IDLE_MS = 20_000;
const TOTAL_MS = 10 * 60_000;
/** Bytes of JSON a millisecond: 32 kbit/s, if nothing were compressed. */
const SLOWEST = 4;
const SPARE = 2;

/** @param sentBytes of the request's body as JSON */
export function deadlinesFor(speed: Pick<LinkSpeed, 'roundTripMs' | 'up'>, sentBytes: number): Deadlines {
  const rate = Math.min(speed.up ?? SLOWEST, SLOWEST);
  const roundTrips = 4 * (speed.roundTripMs ?? 0);
  return {
    firstByteMs: Math.round(CONNECT_MS + ANSWER_MS + roundTrips + (SPARE * sentBytes) / Math.max(rate, 0.1)),
    idleMs: Math.round(IDLE_MS + roundTrips),
    totalMs: TOTAL_MS,
  };
}

function weighted(before: number | null, now: number, weight: number): number {
  return before === null ? now : before + weight * (now - before);
}

function learnRate(before: number | null, now: number): number {
  return weighted(before, now, before !== null && now < before ? WEIGHT_SLOWER : WEIGHT);
}

function sized(before: number, rate: number | null): number {
  const fits = (rate ?? 0) * TARGET_MS;
  return Math.round(Math.min(Math.max(fits, LEAST_BYTES), before * GROWTH, limits.pageBytes));
}
