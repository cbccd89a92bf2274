import type { Chance } from '../sim/chance.ts';
import { applyOp, createDisk, type DiskOp, type Image, imageOf } from './disk.ts';

/**
 * What becomes of operations that no sync has made durable: a killed process leaves all to the system
 * (`kept`), a power cut takes all (`lost`) or an arbitrary part, down to sectors (`some`), so that later
 * ones can be there without earlier ones.
 */
export type CrashModel = 'kept' | 'lost' | 'some';

/** Where it stops: before the operation `index` of the log or, with `torn`, in the middle of it. */
export interface CrashPoint {
  readonly index: number;
  readonly torn: boolean;
  readonly model: CrashModel;
}

/** How far the disk can be trusted. A lying one says that it has synced, and has not. */
export type SyncsHonoured = (op: Extract<DiskOp, { type: 'sync' | 'delete' }>) => boolean;

const SECTOR = 512;

/** The files as the next start finds them. */
export function crashImage(
  base: Image,
  log: readonly DiskOp[],
  { index, torn, model }: CrashPoint,
  chance: Chance,
  honours: SyncsHonoured = () => true,
): Image {
  const { files } = createDisk(base);
  const durable = durableOps(log, index, honours);
  for (const [place, op] of log.slice(0, index).entries()) {
    if (durable.has(place) || model === 'kept') applyOp(files, op);
    else if (model === 'some') for (const part of partOf(op, chance)) applyOp(files, part);
  }
  const last = torn ? log[index] : undefined;
  if (last) for (const part of model === 'some' ? partOf(last, chance) : firstPart(last, chance)) applyOp(files, part);
  return imageOf(files);
}

/** A sync makes durable what was asked of its file before; a delete that SQLite waits for is so at once. */
function durableOps(log: readonly DiskOp[], index: number, honours: SyncsHonoured): Set<number> {
  const durable = new Set<number>();
  const synced = new Set<string>();
  for (let place = index - 1; place >= 0; place -= 1) {
    const op = log[place];
    if (op === undefined) continue;
    if ((op.type === 'sync' || (op.type === 'delete' && op.durable)) && honours(op)) synced.add(op.file);
    if (synced.has(op.file)) durable.add(place);
  }
  return durable;
}

/** The whole, nothing, or some of its sectors. */
function partOf(op: DiskOp, chance: Chance): DiskOp[] {
  const fate = chance.below(3);
  if (fate === 0) return [];
  if (fate === 1 || op.type !== 'write') return [op];
  const parts: DiskOp[] = [];
  for (let from = op.offset; from < op.offset + op.data.length; ) {
    const to = Math.min((Math.floor(from / SECTOR) + 1) * SECTOR, op.offset + op.data.length);
    if (chance.happens(0.5)) parts.push({ ...op, offset: from, data: op.data.slice(from - op.offset, to - op.offset) });
    from = to;
  }
  return parts;
}

/** The first bytes of a write; of the others it cannot be said what their middle is. */
function firstPart(op: DiskOp, chance: Chance): DiskOp[] {
  if (op.type !== 'write') return chance.happens(0.5) ? [op] : [];
  return [{ ...op, data: op.data.slice(0, chance.below(op.data.length)) }];
}
