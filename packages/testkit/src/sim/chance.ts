/** All the chance there is in a simulated world: the same seed gives the same world. */
export interface Chance {
  /** From 0 up to 1. */
  fraction(): number;
  /** A whole number from 0 up to, not including, `below`. */
  below(below: number): number;
  /** True this often. */
  happens(probability: number): boolean;
  pick<T>(items: readonly T[]): T;
  bytes(length: number): Uint8Array;
  /** A generator of its own, so that what one part draws does not move what another does. */
  fork(): Chance;
}

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, seeded through splitmix32. */
export function createChance(seed: number): Chance {
  let mix = seed >>> 0;
  const split = () => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = mix ^ (mix >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  let a = split();
  let b = split();
  let c = split();
  let d = 1;
  const next = () => {
    const t = (((a + b) | 0) + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (c << 21) | (c >>> 11);
    c = (c + t) | 0;
    return t >>> 0;
  };
  for (let i = 0; i < 12; i += 1) next();
  const fraction = () => next() / 0x1_0000_0000;
  const below = (limit: number) => Math.floor(fraction() * limit);
  return {
    fraction,
    below,
    happens: (probability) => fraction() < probability,
    pick(items) {
      if (items.length === 0) throw new Error('nothing to pick from');
      return items[below(items.length)] as (typeof items)[number];
    },
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    fork: () => createChance(next()),
  };
}

/** A seed of its own for each named part of a world: what one draws, or a new part, moves no other. */
export function seedFor(seed: number, ...parts: readonly (string | number)[]): number {
  let hash = seed ^ 0x811c9dc5;
  const text = parts.join('/');
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

/** Chances by name, each with a stream of its own. */
export function dice(seed: number): (name: string) => Chance {
  const streams = new Map<string, Chance>();
  return (name) => {
    let stream = streams.get(name);
    if (stream === undefined) {
      stream = createChance(seedFor(seed, name));
      streams.set(name, stream);
    }
    return stream;
  };
}
