import { type Epoch, type FieldMark, must, type Position, type Stamp, type Version, versionOf } from '@holdfast/core';

/** A mark as `hf_record` has it: count, epoch, transaction, stamp, tie, authority, by. */
export type StoredMark = readonly [number, number, string, string, string, string | null, string | null];

/** Ordinals of epochs as their names. */
export type Epochs = Readonly<Record<string, string>>;

/** The one in force: that of the highest ordinal. */
export function latestEpoch(epochs: Epochs): Epoch {
  const last = Object.keys(epochs).reduce((a, b) => (Number(b) > Number(a) ? b : a), '0');
  return must(epochs[last], 'an epoch') as Epoch;
}

export function markFrom(stored: StoredMark, epochs: Epochs): FieldMark {
  const [count, epoch, , stamp, tie, authority, by] = stored;
  return { version: versionFrom(count, epoch, epochs), stamp: stamp as Stamp, tie, authority, by };
}

export function versionFrom(count: number, epoch: number, epochs: Epochs): Version {
  return versionOf(must(epochs[String(epoch)], `epoch ${epoch}`) as Epoch, count);
}

export function positionOf(stored: StoredMark): Position {
  return stored[2] as Position;
}

/** The highest of the marks' stamps. */
export function latestStamp(marks: readonly StoredMark[]): Stamp {
  let latest = '';
  for (const mark of marks) if (mark[3] > latest) latest = mark[3];
  return latest as Stamp;
}
