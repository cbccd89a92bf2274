import { holds, type Json, type Receipt, type Snapshot, sameJson, snapshotEnd } from '@holdfast/core';
import type { Shadow, Values } from '../shadow.ts';
import type { SimDevice } from '../sim-device.ts';
import { type DeviceState, type EntryRow, receiptOf } from './device-state.ts';

/** What is remembered of a device from one check to the next. */
export interface Remembered {
  epoch: string | null;
  snapshot: Snapshot | null;
}

/** Everything that has to hold of a device's disk between any two transactions. */
export function checkDevice(
  sim: SimDevice,
  state: DeviceState,
  shadow: Shadow | null,
  answers: ReadonlyMap<string, Receipt>,
  remembered: Remembered,
): string[] {
  return [
    ...(shadow === null ? [] : checkConfirmed(sim, state, shadow)),
    ...checkVisible(sim, state),
    ...checkTransactions(sim, state),
    ...checkReceipts(sim, state, answers),
    ...checkMonotonic(sim, state, remembered),
  ];
}

/**
 * I3, I4, I9, I14: what a device takes for the server's is what the server's history says at the device's
 * cursor, to the field and to the version: no gap, no half of a transaction, nothing of another scope.
 */
function checkConfirmed(sim: SimDevice, state: DeviceState, shadow: Shadow): string[] {
  const { cursor, confirmed, held, bare } = state;
  if (cursor === null) return [];
  const violations: string[] = [];
  const expected = shadow.seenAt(cursor.snapshot, cursor.scopes);
  for (const [address, { values, version }] of expected) {
    if (bare.has(address) || !isWanted(sim, address)) continue;
    const own = confirmed.get(address);
    if (own === undefined) violations.push(`[I3] ${sim.name} has no ${address} at ${cursor.snapshot}`);
    else {
      const wrong = differingField(own, values);
      if (wrong !== null) {
        violations.push(
          `[I3] [I4] ${sim.name} has ${address}.${wrong} as ${text(own[wrong])}, where ${cursor.snapshot} says ${text(values[wrong])}`,
        );
      }
      const at = held.get(address)?.version;
      if (at !== version)
        violations.push(`[I14] ${sim.name} holds ${address} at ${at}, where the server had ${version}`);
    }
  }
  for (const [address, { scopes }] of held) {
    if (!expected.has(address)) violations.push(`[I9] ${sim.name} holds ${address}, which is not in its scopes`);
    if (scopes.some((scope) => !cursor.scopes.includes(scope as never))) {
      violations.push(`[I9] ${sim.name} holds ${address} by ${scopes.join(', ')}`);
    }
  }
  return violations;
}

/** SY14: the device holds the record's collection. */
export function isWanted({ hold }: SimDevice, address: string): boolean {
  return hold.collections?.some((name) => address.startsWith(`${name}/`)) ?? true;
}

/** Fields that one of both does not know, for its schema is older, count as null. */
function differingField(own: Values, theirs: Values): string | null {
  return Object.keys(own).find((field) => !sameJson(own[field] ?? null, theirs[field] ?? null)) ?? null;
}

/** I5, SY5: what is seen is the confirmed state and upon it the live entries, computed once more from the disk. */
function checkVisible(sim: SimDevice, { entries, visible, confirmed, cursor, held }: DeviceState): string[] {
  const violations: string[] = [];
  const byRecord = new Map<string, EntryRow[]>();
  for (const entry of entries) {
    const list = byRecord.get(entry.address);
    if (list === undefined) byRecord.set(entry.address, [entry]);
    else list.push(entry);
  }
  for (const [address, own] of byRecord) {
    const expected = own.filter(isLive).reduce<Values | null>(applied, confirmed.get(address) ?? null);
    const shown = visible.get(address) ?? null;
    if (!sameShown(expected, shown)) {
      violations.push(`[I5] ${sim.name} shows ${address} as ${text(shown)}, where it should be ${text(expected)}`);
    }
  }
  for (const [address, shown] of visible) {
    if (!byRecord.has(address) && !held.has(address) && cursor !== null) {
      violations.push(`[I9] ${sim.name} shows ${address}, which it does not hold`);
    }
    // Doses are written with the unit that goes with them; half of the group would show.
    const dose = shown['dose'];
    if (typeof dose === 'number' && shown['unit'] !== (dose % 2 === 0 ? 'mg' : 'ml')) {
      violations.push(`[I4] [CF3] ${sim.name}: ${address} shows ${text(dose)} ${text(shown['unit'])}`);
    }
  }
  return violations;
}

function sameShown(expected: Values | null, shown: Values | null): boolean {
  if (expected === null || shown === null) return expected === shown;
  return Object.keys(shown).every((field) => sameJson(shown[field] ?? null, expected[field] ?? null));
}

/** Once more than in the engine, on purpose: OB7's states that are part of what is seen. */
export function isLive({ state }: Pick<EntryRow, 'state'>): boolean {
  switch (state.at) {
    case 'pending':
    case 'sending':
    case 'waiting':
    case 'accepted':
      return true;
    case 'blocked':
      return state.reason === 'held';
    default:
      return false;
  }
}

function applied(values: Values | null, { kind, body }: EntryRow): Values | null {
  const set = (body['set'] ?? []) as unknown as readonly { readonly values: Values }[];
  const changed = Object.assign({}, ...set.map((change) => change.values)) as Values;
  switch (kind) {
    case 'create':
      return changed;
    case 'delete':
      return null;
    case 'update':
      return values === null ? null : { ...values, ...changed };
    case 'restore':
      return { ...(values ?? (body['last'] as Values)), ...changed };
    case 'command':
    case 'discard':
      return values;
    default:
      throw new Error(`the simulator does not know entries of kind ${kind}`);
  }
}

/** I4, WR4: the entries of one transaction are seen together or not at all. */
function checkTransactions(sim: SimDevice, { entries }: DeviceState): string[] {
  const seen = new Map<string, boolean>();
  const torn = new Set<string>();
  for (const entry of entries) {
    const live = isLive(entry);
    if (seen.get(entry.transaction) === !live) torn.add(entry.transaction);
    seen.set(entry.transaction, live);
  }
  return [...torn].map((transaction) => `[I4] [WR4] ${sim.name} shows a part of its transaction ${transaction}`);
}

/**
 * I5, SY15: an outcome takes effect at the checkpoint that holds it, not before. What has left the outbox
 * as applied, and what stands aside, lies within the cursor.
 */
function checkReceipts(sim: SimDevice, state: DeviceState, answers: ReadonlyMap<string, Receipt>): string[] {
  const { cursor, entries } = state;
  if (cursor === null) return [];
  const violations: string[] = [];
  const inOutbox = new Set(entries.map(({ id }) => id));
  for (const entry of entries) {
    const receipt = receiptOf(entry.state);
    const aside = entry.state.at === 'conflicted' || entry.state.at === 'refused';
    if (aside && receipt !== null && !holds(cursor.snapshot, receipt.position)) {
      violations.push(`[I5] [SY15] ${sim.name} has set ${entry.id} aside before its cursor holds ${receipt.position}`);
    }
  }
  for (const id of sim.acknowledged) {
    const answer = answers.get(id);
    // What one copy of a disk cancelled unsent, the other may have sent.
    if (sim.copied && wasCancelled(sim, id)) continue;
    if (inOutbox.has(id) || answer === undefined || holds(cursor.snapshot, answer.position)) continue;
    violations.push(`[I5] [SY15] ${sim.name} has let go of ${id} before its cursor holds ${answer.position}`);
  }
  return violations;
}

/** I6: what a device has read once it never reads as not yet there. */
function checkMonotonic(sim: SimDevice, { cursor, epoch }: DeviceState, remembered: Remembered): string[] {
  if (cursor === null) return [];
  const before = remembered.snapshot;
  const sameHistory = remembered.epoch === epoch;
  remembered.snapshot = cursor.snapshot;
  remembered.epoch = epoch;
  if (before === null || !sameHistory || snapshotEnd(cursor.snapshot) >= snapshotEnd(before)) return [];
  return [`[I6] ${sim.name} went back from ${before} to ${cursor.snapshot}`];
}

function text(value: Json | Values | null | undefined): string {
  return JSON.stringify(value ?? null).slice(0, 200);
}

function wasCancelled(sim: SimDevice, id: string): boolean {
  const found = sim.disk.storage.look(`SELECT 1 FROM hf_audit WHERE mutation = '${id}' AND what = 'cancelled'`);
  return found !== null && found.length > 0;
}
