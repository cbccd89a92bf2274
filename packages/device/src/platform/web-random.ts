import type { Random } from '../ports/platform.ts';

/** WebCrypto's generator, the same in Node and in browsers. */
export function webRandom(): Random {
  return {
    bytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    fraction() {
      const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
      // 53 bits, as many as a number between 0 and 1 can tell apart.
      return ((high >>> 5) * 2 ** 26 + (low >>> 6)) / 2 ** 53;
    },
  };
}
