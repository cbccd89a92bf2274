import fc from 'fast-check';
import { expect, test } from 'vitest';
import { uuidV7 } from './uuid-v7.ts';

const tenBytes = fc.uint8Array({ minLength: 10, maxLength: 10 });

test('[ID1] an id made on the device is a UUIDv7', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 47), tenBytes, (ms, random) => {
      expect(uuidV7(ms, random)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }),
  );
});

test('[ID1] ids made in later milliseconds sort later', () => {
  fc.assert(
    fc.property(fc.nat(2 ** 40), tenBytes, tenBytes, (ms, a, b) => {
      expect(uuidV7(ms, a) < uuidV7(ms + 1, b)).toBe(true);
    }),
  );
});
