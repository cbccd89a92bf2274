import type { Directory } from './directory.ts';
import type { Remembered } from './invariants/check-device.ts';
import type { SimDevice } from './sim-device.ts';
import type { SimServer } from './sim-server.ts';
import type { VirtualTime } from './virtual-time.ts';

export interface Member {
  readonly sim: SimDevice;
  readonly remembered: Remembered;
  /** The disk's writes at the last check: while it has none since, nothing can have changed. */
  checkedAt: number;
  /** Full reads that the world itself has caused (I15). */
  excused: number;
}

/** Devices at the beginning; events can make more. */
export const DEVICES = 4;

/** The world as its events see it. */
export interface Stage {
  readonly time: VirtualTime;
  readonly directory: Directory;
  readonly server: SimServer;
  readonly members: readonly Member[];
  start(sim: SimDevice): Promise<void>;
  /** Lets time pass until `work` has ended, for a slow disk keeps its user waiting. */
  during(work: Promise<unknown>): Promise<void>;
  runUntil(until: number): Promise<void>;
  /** A second device goes on from a copy of this one's disk. Gives its name; null where there are enough. */
  clone(member: Member, seed: number): string | null;
  /** The user has a fresh token. */
  authorize(sim: SimDevice): void;
}
