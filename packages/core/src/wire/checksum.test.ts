import { expect, test } from 'vitest';
import type { Version } from '../version/version.ts';
import { recordPrint, ScopeChecksum } from './checksum.ts';

const version = '3@0mijk0000aaaa' as Version;

function checksum(...ids: string[]): string {
  const sum = new ScopeChecksum();
  for (const id of ids) sum.add(recordPrint('people', id, version));
  return sum.text;
}

test('[SY16] the first eight bytes of SHA-256, whatever the order; nothing is zero', () => {
  // printf 'people/p1@3@0mijk0000aaaa' | sha256sum
  expect(checksum('p1')).toBe('1618fc934c0b1446');
  expect(checksum('p1', 'p2', 'p3')).toBe(checksum('p3', 'p1', 'p2'));
  expect(checksum('p1', 'p2', 'p2')).toBe(checksum('p1'));
  expect(checksum()).toBe('0000000000000000');
  expect(checksum('p1')).not.toBe(checksum('p2'));
});
