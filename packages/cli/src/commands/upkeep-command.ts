import { resolve } from 'node:path';
import type { Schema } from '@holdfast/core';
import { loadConfig } from '../config/load-config.ts';
import type { Terminal } from '../fhir/progress.ts';
import type { Target } from '../import/open-sink.ts';
import { type Asking, isConfirmed } from '../upkeep/confirm.ts';
import { openUpkeep, type Upkeep } from '../upkeep/upkeep.ts';

export interface UpkeepOptions {
  readonly config: string;
  readonly data?: string;
  readonly url?: string;
  readonly secret?: string;
}

/** The store that is meant: a server by its address, or a data folder. */
export interface UpkeepPlace extends Target {
  readonly schema: Schema;
}

/** What the flags and the configuration say. */
export async function placeOf(options: UpkeepOptions): Promise<UpkeepPlace> {
  const { schema, data } = await loadConfig(options.config);
  const { url, secret } = options;
  return {
    schema,
    data: options.data === undefined ? data : resolve(options.data),
    ...(url ? { url } : {}),
    ...(secret ? { secret } : {}),
  };
}

interface Output {
  readonly out: Pick<Terminal, 'write'>;
  readonly err: Pick<Terminal, 'write'>;
}

const NEW_EPOCH = `This is for after a restore: every device reads everything again, and sends again what it has kept of its work.
It cannot be taken back.`;

/** Begins a new epoch once it is confirmed, and gives the exit code. */
export async function newEpochCommand(
  place: UpkeepPlace,
  { out, err }: Output,
  ask: Asking,
  yes: boolean,
): Promise<number> {
  return within(place, async (upkeep) => {
    if (!yes && !(await isConfirmed(ask, `${NEW_EPOCH}\n`))) {
      err.write(`Nothing was done.${ask === null ? ' Nobody is here to ask: say --yes.' : ''}\n`);
      return 1;
    }
    out.write(`A new epoch has begun: ${await upkeep.newEpoch()}\n`);
    return 0;
  });
}

/** Notes what the backup to come will hold. */
export async function backupBeginCommand(place: UpkeepPlace, { out }: Output): Promise<number> {
  return within(place, async (upkeep) => {
    await upkeep.backupBegins();
    out.write('Noted. Make the backup now, try it, then say: holdfast backup done\n');
    return 0;
  });
}

/** Tells devices that they may forget what the backup holds. */
export async function backupDoneCommand(place: UpkeepPlace, { out, err }: Output): Promise<number> {
  return within(place, async (upkeep) => {
    if (!(await upkeep.backupDone())) {
      err.write('No backup has begun in this epoch: say holdfast backup begin before it. Nothing was done.\n');
      return 1;
    }
    out.write('Noted. Devices no longer keep what was sent before the backup began.\n');
    return 0;
  });
}

async function within(place: UpkeepPlace, work: (upkeep: Upkeep) => Promise<number>): Promise<number> {
  const upkeep = await openUpkeep(place.schema, place);
  try {
    return await work(upkeep);
  } finally {
    await upkeep.close();
  }
}
