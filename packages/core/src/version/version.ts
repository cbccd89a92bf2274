import type { Brand } from '../ids/brand.ts';

/**
 * The identity of the server's history. Sorts by when it was minted, so that of two epochs it is
 * known which came first.
 */
export type Epoch = Brand<string, 'Epoch'>;

/**
 * A record's revision: `count@epoch`. The count grows by one with each change, under the record's
 * row lock, and goes on over epochs; after a restore count 6 is another change than the 6 a device
 * has seen, which the epoch tells apart. Never a time, never a position.
 */
export type Version = Brand<string, 'Version'>;

export const EPOCH_PATTERN = /^[0-9a-z]{9}[0-9a-z]{4}$/;
export const VERSION_PATTERN = /^(0@|[1-9][0-9]{0,14}@[0-9a-z]{13})$/;

/** The version of a record the writer has never seen: nothing is seen from here. */
export const VERSION_NONE = '0@' as Version;

/** Nine base-36 digits of milliseconds and four of chance. */
export function mintEpoch(nowMs: number, random: Uint8Array, after: Epoch | null): Epoch {
  const floor = after === null ? 0 : Number.parseInt(after.slice(0, 9), 36) + 1;
  const ms = Math.max(Math.trunc(nowMs), floor).toString(36).padStart(9, '0');
  let tail = '';
  for (let i = 0; i < 4; i += 1) tail += ((random[i] ?? 0) % 36).toString(36);
  return `${ms}${tail}` as Epoch;
}

export function versionOf(epoch: Epoch, count: number): Version {
  return `${count}@${epoch}` as Version;
}

export function versionCount(version: Version): number {
  return Number.parseInt(version, 10);
}

export function versionEpoch(version: Version): Epoch {
  return version.slice(version.indexOf('@') + 1) as Epoch;
}

/**
 * CF1: was the change that made `version` seen by someone whose base is `base`? Within an epoch the
 * counts say so. A change of an earlier epoch that is still here came before the restore point, so a
 * base of a later epoch holds it. A change of a later epoch than the base was never seen, however
 * small its count.
 */
export function seenAt(version: Version, base: Version): boolean {
  if (base === VERSION_NONE) return false;
  const from = versionEpoch(version);
  const at = versionEpoch(base);
  return from <= at && versionCount(version) <= versionCount(base);
}

/** The later of two versions of one record. */
export function laterVersion(a: Version, b: Version): Version {
  if (versionCount(a) !== versionCount(b)) return versionCount(a) > versionCount(b) ? a : b;
  return versionEpoch(a) >= versionEpoch(b) ? a : b;
}
