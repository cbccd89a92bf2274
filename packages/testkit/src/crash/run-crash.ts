import { type Chance, createChance } from '../sim/chance.ts';
import { checkPoint } from './check-point.ts';
import type { CrashModel, CrashPoint, SyncsHonoured } from './crash-image.ts';
import { diskStores } from './disk-store.ts';
import { operations } from './operations/operations.ts';
import { type Operation, type Recording, recordOperation } from './record-operation.ts';

export interface CrashPlan {
  readonly points: number;
  readonly seed: number;
  /** Of how many workers this is which; the points are dealt out among them. */
  readonly share?: { readonly index: number; readonly of: number };
  readonly honours?: SyncsHonoured;
  readonly only?: readonly Operation[];
}

/** A point after which something was wrong. */
export interface TornPoint {
  readonly number: number;
  readonly operation: string;
  readonly point: CrashPoint;
  readonly problems: readonly string[];
}

export interface CrashReport {
  readonly points: number;
  readonly operations: number;
  /** Points there are in all, before the model of what is left is chosen. */
  readonly places: number;
  readonly torn: readonly TornPoint[];
}

const MODELS: readonly CrashModel[] = ['kept', 'lost', 'some'];

/** Stops every operation at many points; the same plan gives the same points. */
export async function runCrash(plan: CrashPlan, onTorn: (torn: TornPoint) => void = () => {}): Promise<CrashReport> {
  const { points, seed, share = { index: 0, of: 1 }, honours, only = operations } = plan;
  const stores = await diskStores(createChance(seed));
  const recordings: Recording[] = [];
  for (const operation of only) recordings.push(await recordOperation(stores, operation));
  const places = shuffled(recordings.flatMap(placesOf), createChance(seed));
  const torn: TornPoint[] = [];
  const seen = new Set<string>();
  let done = 0;
  for (let number = share.index; number < points; number += share.of) {
    const place = places[number % places.length];
    if (place === undefined) break;
    const point = { ...place.at, model: modelOf(number, places.length) };
    const options = { seed: seed + number, seen, ...(honours && { honours }) };
    const problems = await checkPoint(stores, place.recording, point, options);
    done += 1;
    if (problems.length === 0) continue;
    const found = { number, operation: place.recording.name, point, problems };
    torn.push(found);
    onTorn(found);
  }
  return { points: done, operations: recordings.length, places: places.length, torn };
}

interface Place {
  readonly recording: Recording;
  readonly at: Omit<CrashPoint, 'model'>;
}

/** Before each operation of the disk, in the middle of it, and after the last. */
function placesOf(recording: Recording): Place[] {
  const { length } = recording.log;
  return Array.from({ length: 2 * length + 1 }, (_, i) => ({
    recording,
    at: { index: Math.floor(i / 2), torn: i % 2 === 1 },
  }));
}

/** In three rounds over all places each has met each model; from then on only chance finds more. */
function modelOf(number: number, places: number): CrashModel {
  const round = Math.floor(number / places);
  return round < MODELS.length ? (MODELS[((number % places) + round) % MODELS.length] ?? 'some') : 'some';
}

/** In an order of chance's. */
export function shuffled<T>(items: readonly T[], chance: Chance): T[] {
  const result = [...items];
  for (let i = result.length - 1; i > 0; i -= 1) {
    const j = chance.below(i + 1);
    [result[i], result[j]] = [result[j] as T, result[i] as T];
  }
  return result;
}
