import { HoldfastError } from '@holdfast/core';
import { type MemoryStorage, type MemoryStorageOptions, memoryStorage } from '@holdfast/device/node';
import { type Chance, createChance, seedFor } from './chance.ts';
import type { Faults } from './faults.ts';
import type { VirtualTime } from './virtual-time.ts';

/** A device's disk, and what can happen at each statement that is run on it. */
export interface SimDisk {
  readonly storage: MemoryStorage;
  /** Write transactions begun so far: nothing has changed while it stays the same. */
  readonly writes: number;
  /** Every write fails while it is set. */
  full: boolean;
  /** It was full at some time: errors that say so are to be expected. */
  readonly wasFull: boolean;
  /** The write statement that is so many from now fails, that one alone. */
  failAt(statements: number): void;
  /** Calls back in the middle of the statement that is so many from now. */
  interruptAt(statements: number, work: () => void): void;
  /** Nothing of all that happens any more. */
  calm(): void;
  /** Another disk with all that is committed on this one. */
  copy(seed: number): SimDisk;
}

export interface SimDiskOptions {
  readonly time: VirtualTime;
  readonly seed: number;
  readonly faults: () => Faults;
}

const WRITES = /^\s*(INSERT|UPDATE|DELETE|CREATE|ALTER|REPLACE)/i;

export function createSimDisk(options: SimDiskOptions): SimDisk {
  return diskOf(options, (own) => memoryStorage(own));
}

function diskOf(
  { time, seed, faults }: SimDiskOptions,
  open: (options: MemoryStorageOptions) => MemoryStorage,
): SimDisk {
  const chance: Chance = createChance(seedFor(seed, 'disk'));
  let writes = 0;
  let full = false;
  let wasFull = false;
  let failIn = 0;
  let interrupt: { in: number; work: () => void } | null = null;

  const refuseWhenFull = () => {
    failIn = Math.max(0, failIn - 1);
    if (!full && failIn > 0) return;
    wasFull = true;
    throw new HoldfastError('StoreFull', 'by the simulation');
  };

  const onStatement = (sql: string, moment: 'before' | 'after'): void | Promise<void> => {
    if (interrupt !== null) {
      interrupt.in -= 1;
      if (interrupt.in <= 0) {
        const { work } = interrupt;
        interrupt = null;
        work();
        return;
      }
    }
    if (moment === 'before') {
      if (sql === 'BEGIN IMMEDIATE') writes += 1;
      if ((full || failIn > 0) && WRITES.test(sql)) refuseWhenFull();
    }
    const { slowDisk } = faults();
    if (slowDisk > 0 && chance.happens(slowDisk)) {
      return new Promise((resolve) => time.after(1 + chance.below(8), resolve));
    }
  };

  const storage = open({ timers: { after: (ms, work) => time.after(ms, work) }, onStatement });
  return {
    storage,
    get writes() {
      return writes;
    },
    get full() {
      return full;
    },
    set full(next) {
      full = next;
      if (next) wasFull = true;
    },
    get wasFull() {
      return wasFull;
    },
    failAt(statements) {
      failIn = statements;
    },
    interruptAt(statements, work) {
      interrupt = { in: statements, work };
    },
    calm() {
      full = false;
      failIn = 0;
      interrupt = null;
    },
    copy(copySeed) {
      return diskOf({ time, seed: copySeed, faults }, (own) => storage.copy(own));
    },
  };
}
