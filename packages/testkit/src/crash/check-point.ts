import type { ReadTx } from '@holdfast/device';
import { type Chance, createChance } from '../sim/chance.ts';
import { checkGoesOn } from './check-goes-on.ts';
import { type CrashPoint, crashImage, type SyncsHonoured } from './crash-image.ts';
import type { DiskStores, MountedStore } from './disk-store.ts';
import { dumpStore } from './dump-store.ts';
import type { Recording } from './record-operation.ts';

export interface PointOptions {
  readonly seed: number;
  readonly honours?: SyncsHonoured;
  /** States that went on well already; once in a while one does it again. */
  readonly seen: Set<string>;
}

const GOES_ON_AGAIN = 1 / 32;

/** Stops the operation at this point, starts anew from what is left, and says what is wrong then. */
export async function checkPoint(
  stores: DiskStores,
  recording: Recording,
  point: CrashPoint,
  { seed, honours, seen }: PointOptions,
): Promise<string[]> {
  const chance = createChance(seed);
  const store = stores.mount(crashImage(recording.base, recording.log, point, chance, honours));
  try {
    const { problems, state } = await inspect(store, recording, point);
    if (problems.length > 0) return problems;
    const steps = stepsBefore(recording, point, chance);
    const key = `${recording.name} ${state} ${steps}`;
    if (seen.has(key) && !chance.happens(GOES_ON_AGAIN)) return [];
    const left = await checkGoesOn(store, recording, point, recording.steps.slice(0, steps), seed);
    if (left.length === 0) seen.add(key);
    return left;
  } catch (error) {
    return [`after the crash: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`];
  } finally {
    store.unmount();
  }
}

/** WR1: whole pages, and of the transaction under way everything or nothing; of earlier ones everything. */
async function inspect(
  store: MountedStore,
  { commits }: Recording,
  { index }: CrashPoint,
): Promise<{ problems: string[]; state: string }> {
  const storage = await store.open({ after: () => () => {} });
  try {
    return await storage.read(async (tx) => {
      const integrity = (await tx.all('PRAGMA integrity_check')).map((row) => String(row.integrity_check));
      if (integrity.join() !== 'ok')
        return { problems: [`the file is damaged: ${integrity.slice(0, 3).join('; ')}`], state: '' };
      const state = await dumpStore(tx);
      const last = commits.findLastIndex((commit) => commit.logged <= index);
      const allowed = commits.slice(last, last + 2).map((commit) => commit.state);
      if (allowed.includes(state)) return { problems: await unsound(tx), state };
      const older = commits.findIndex((commit) => commit.state === state);
      const problem =
        older >= 0 ? `commit ${last} was durable, and ${older} is what is there` : 'part of a transaction is there';
      return { problems: [problem], state };
    });
  } finally {
    await storage.close();
  }
}

/** What has to be true of the tables among themselves. */
async function unsound(tx: ReadTx): Promise<string[]> {
  const tables = new Set((await tx.all(`SELECT name FROM sqlite_master WHERE type = 'table'`)).map((row) => row.name));
  if (!tables.has('hf_outbox')) return [];
  const rules: readonly (readonly [string, string])[] = [
    [
      '[WR8] an entry is in the outbox and among the sent',
      'SELECT id FROM hf_outbox WHERE id IN (SELECT id FROM hf_sent)',
    ],
    ['[OB7] an id is in the outbox twice', 'SELECT id FROM hf_outbox GROUP BY id HAVING count(*) > 1'],
    [
      '[OB7] an entry in no state',
      `SELECT id FROM hf_outbox WHERE coalesce(json_extract(state, '$.at'), '') NOT IN
        ('pending', 'sending', 'waiting', 'accepted', 'blocked', 'conflicted', 'refused', 'resolving')`,
    ],
    [
      '[OB7] an answer without a receipt',
      `SELECT id FROM hf_outbox WHERE json_extract(state, '$.at') IN ('accepted', 'conflicted', 'refused')
        AND json_extract(state, '$.receipt.id') IS NOT id`,
    ],
    [
      '[OB1] what it comes after is unknown',
      `SELECT id FROM hf_outbox WHERE previous IS NOT NULL
        AND previous NOT IN (SELECT id FROM hf_outbox) AND previous NOT IN (SELECT id FROM hf_sent)`,
    ],
    ['[OB2] a reference of no entry', 'SELECT entry FROM hf_outbox_ref WHERE entry NOT IN (SELECT id FROM hf_outbox)'],
    [
      'one device, one cursor',
      'SELECT 1 WHERE (SELECT count(*) FROM hf_device) + (SELECT count(*) FROM hf_cursor) <> 2',
    ],
  ];
  const problems: string[] = [];
  for (const [problem, sql] of rules) if ((await tx.all(sql)).length > 0) problems.push(problem);
  return problems;
}

/** How many of the server's steps had happened; what was on its way in that moment may have arrived. */
function stepsBefore({ steps }: Recording, { index }: CrashPoint, chance: Chance): number {
  const certain = steps.filter((step) => !step.recorded || step.logged < index).length;
  const possible = steps.filter((step) => step.recorded && step.logged === index).length;
  return certain + chance.below(possible + 1);
}
