import type { Receipt } from '@holdfast/core';
import type { SimDevice } from '../sim-device.ts';
import type { DeviceState } from './device-state.ts';

type Answers = ReadonlyMap<string, Receipt>;
type Undone = (mutation: string) => { readonly answered: number; readonly restored: number } | null;

/** How long a device keeps what was answered, where no backup is known to hold it (`decide.md`). */
const KEPT_MS = 14 * 86_400_000;

/** What a person can have decided about an entry that was refused, conflicted, or never sent. */
const DECIDED = new Set(['discarded', 'resent', 'edited', 'resolved', 'resolved-elsewhere', 'too-late']);

/**
 * I7, WR8: every mutation of a write that resolved is in the outbox, or has taken effect, or a person has
 * decided about it, or its own delete took it away unsent. No other way leads out.
 */
export function checkCustody(sim: SimDevice, { entries }: DeviceState, answers: Answers, undoneAt: Undone): string[] {
  const inOutbox = new Set(entries.map(({ id }) => id));
  const away = [...sim.acknowledged].filter((id) => !inOutbox.has(id));
  const open = away.filter((id) => !['applied', 'merged'].includes(answers.get(id)?.outcome ?? 'none'));
  if (open.length === 0) return [];
  const audit = new Map<string, string[]>();
  for (const { mutation, what } of sim.disk.storage.look('SELECT mutation, what FROM hf_audit') ?? []) {
    audit.set(String(mutation), [...(audit.get(String(mutation)) ?? []), String(what)]);
  }
  const decisions = new Set(
    (sim.disk.storage.look(`SELECT id FROM hf_sent WHERE kind = 'discard'`) ?? []).map(({ id }) => String(id)),
  );
  return open.flatMap((id) => {
    const outcome = answers.get(id)?.outcome;
    const noted = audit.get(id) ?? [];
    const lost = undoneAt(id);
    if (outcome === undefined && lost !== null && lost.restored - lost.answered >= KEPT_MS) return [];
    if (noted.some((what) => DECIDED.has(what))) return [];
    // A decision without content, upon what somebody else had settled before: the audit names what it was about.
    if (outcome === 'refused' && decisions.has(id)) return [];
    // What one copy of a disk cancelled unsent, the other may have sent.
    if ((outcome === undefined || sim.copied) && noted.includes('cancelled')) return [];
    return [`[I7] [WR8] ${sim.name}: mutation ${id} is neither in the outbox nor done: ${outcome ?? 'no answer'}`];
  });
}

/** I4, WR4: the mutations of one transaction are answered together and alike. */
export function checkAnswers(sim: SimDevice, answers: Answers): string[] {
  const violations: string[] = [];
  for (const [transaction, mutations] of sim.transactions) {
    const outcomes = mutations.map((id) => answers.get(id)?.outcome ?? 'none');
    const kinds = new Set(outcomes.map((outcome) => (outcome === 'merged' ? 'applied' : outcome)));
    if (kinds.size > 1) {
      violations.push(`[I4] [WR4] ${sim.name}: transaction ${transaction} was answered ${outcomes.join(', ')}`);
    }
  }
  return violations;
}

/** I8: minutes after faults stop everything is sent, or waits for a person: itself, or for what waits for one. */
export function checkDrained(sim: SimDevice, { entries }: DeviceState): string[] {
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const waitsForPerson = (id: string, seen: ReadonlySet<string>): boolean => {
    const state = byId.get(id)?.state;
    if (state === undefined || seen.has(id)) return false;
    if (state.at === 'conflicted' || state.at === 'refused') return true;
    if (state.at === 'resolving') return state.by !== null && waitsForPerson(state.by, new Set([...seen, id]));
    return state.at === 'blocked' && state.by.some((other) => waitsForPerson(other, new Set([...seen, id])));
  };
  return entries
    .filter((entry) => !waitsForPerson(entry.id, new Set()))
    .map(
      ({ kind, address, state }) => `[I8] [OB5] ${sim.name}: ${kind} of ${address} is still ${JSON.stringify(state)}`,
    );
}
