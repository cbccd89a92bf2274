import { type Json, type Receipt, sameJson } from '@holdfast/core';
import type { SimDevice } from '../sim-device.ts';
import type { DeviceState, EntryRow } from './device-state.ts';

/** What was seen of every entry of a device, for as long as the world lasts. */
export interface Ledger {
  /** Looks at an outbox; says what may not have happened since the last look. */
  see(sim: SimDevice, state: Pick<DeviceState, 'entries' | 'epoch'>): string[];
  /** I10: what was answered out of its order. */
  checkOrder(sim: SimDevice): string[];
}

interface Answered {
  readonly answers: ReadonlyMap<string, Receipt>;
  readonly answeredAt: ReadonlyMap<string, number>;
  /** Not null where a restore of the server has undone the answer. */
  undoneAt(mutation: string): unknown;
}

interface Seen {
  row: EntryRow;
  /**
   * Its place in the order made. What was sent again moves what waited for it behind itself. Null of what was first
   * seen as it came back in a new epoch: it is older than it looks.
   */
  place: number | null;
}

/**
 * I7, OB6, B11: an entry never loses a field, and is never changed once it may have been sent. I10, OB1: the
 * mutations of one record are answered in the order in which its device made them; what was taken back has no
 * order. `answeredAt` numbers the answers in the order of the commits.
 */
export function createLedger(server: Answered): Ledger {
  const books = new Map<SimDevice, Map<string, Seen>>();
  const epochs = new Map<SimDevice, string | null>();
  let places = 0;
  return {
    see(sim, { entries, epoch }) {
      // In a new epoch all that is sent again has new places, in the order it had.
      const sameHistory = epochs.get(sim) === epoch;
      epochs.set(sim, epoch);
      let book = books.get(sim);
      if (book === undefined) {
        book = new Map();
        books.set(sim, book);
      }
      const violations: string[] = [];
      for (const row of entries) {
        const before = book.get(row.id);
        const stays = before !== undefined && (before.row.seq === row.seq || !sameHistory);
        const isOld = before === undefined && row.sent && !sameHistory;
        if (!stays) places += 1;
        if (before !== undefined) violations.push(...changeProblem(sim, before.row, row));
        book.set(row.id, { row, place: stays ? before.place : isOld ? null : places });
      }
      return violations;
    },
    checkOrder(sim) {
      const lanes = new Map<string, Seen[]>();
      for (const seen of books.get(sim)?.values() ?? []) {
        // Commands and discards belong to no single record.
        if (seen.row.address === '/' || server.answers.get(seen.row.id)?.outcome === 'discarded') continue;
        const lane = lanes.get(seen.row.address);
        if (lane === undefined) lanes.set(seen.row.address, [seen]);
        else lane.push(seen);
      }
      return [...lanes.values()].flatMap((lane) => orderProblems(sim, lane, server));
    },
  };
}

function changeProblem(sim: SimDevice, before: EntryRow, now: EntryRow): string[] {
  const same = sameJson(before.body as Json, now.body as Json) && before.kind === now.kind;
  if (before.sent && !same) return [`[I7] [OB6] ${sim.name}: ${now.id} was changed after it may have been sent`];
  const left = fieldsOf(before).filter((field) => !fieldsOf(now).includes(field));
  return left.length === 0 ? [] : [`[I7] [OB6] ${sim.name}: ${now.id} has lost ${left.join(', ')}`];
}

function fieldsOf({ body }: EntryRow): string[] {
  const set = (body['set'] ?? []) as unknown as readonly { readonly values: Readonly<Record<string, Json>> }[];
  return set.flatMap(({ values }) => Object.keys(values));
}

function orderProblems(sim: SimDevice, lane: Seen[], server: Answered): string[] {
  const problems: string[] = [];
  let last = -1;
  let open: string | null = null;
  const placed = lane.filter(({ place }) => place !== null);
  for (const { row } of placed.sort((a, b) => (a.place ?? 0) - (b.place ?? 0))) {
    const at = server.answeredAt.get(row.id);
    if (at === undefined) {
      // What was never sent and is not there any more was cancelled or discarded; what a restore has undone is
      // sent again by who still has it.
      if (row.sent && server.undoneAt(row.id) === null) open ??= row.id;
    } else if (open !== null) {
      problems.push(`[I10] ${sim.name}: ${row.id} of ${row.address} was answered before ${open}`);
    } else if (at < last) problems.push(`[I10] ${sim.name}: ${row.id} of ${row.address} was answered out of its order`);
    else last = at;
  }
  return problems;
}
