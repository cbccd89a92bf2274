import { hasCode, type Json } from '@holdfast/core';
import type { ConflictChoice, ConflictEntry, OutboxEntry } from '@holdfast/device';
import type { Chance } from '../chance.ts';
import type { Act, Ready } from './acting.ts';

/** Another decision, or an answer, can come between the look and the choice: then there is nothing left to decide. */
async function unlessDecided<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    const codes = ['NotInOutbox', 'NotAside', 'AlreadyAnswered', 'InvalidWrite'] as const;
    if (codes.some((code) => hasCode(error, code))) return null;
    throw error;
  }
}

/** Half of a group is no choice that a form offers: dose and unit go together. */
function choose(entry: ConflictEntry, chance: Chance): ConflictChoice {
  const whole = chance.pick(['mine', 'theirs', 'new'] as const);
  const dose = chance.below(1e9);
  const anew: Readonly<Record<string, Json>> = { dose, unit: dose % 2 === 0 ? 'mg' : 'ml', note: `r${dose}` };
  const fields = entry.fields.map((field) => {
    const own = entry.collection === 'doses' ? whole : chance.pick(['mine', 'theirs', 'new'] as const);
    const value = anew[field];
    return [field, own !== 'new' ? own : value === undefined ? ('mine' as const) : { value }] as const;
  });
  return {
    fields: Object.fromEntries(fields),
    ...(entry.deletion === null ? {} : { record: chance.pick(['keep', 'delete'] as const) }),
    ...(chance.happens(0.8) ? { version: entry.version } : {}),
  };
}

async function anyEntry(
  device: Ready,
  chance: Chance,
  fits: (entry: OutboxEntry) => boolean,
): Promise<OutboxEntry | null> {
  const entries = (await device.outbox.list()).filter(fits);
  return entries.length === 0 ? null : chance.pick(entries);
}

const isAside = ({ state }: OutboxEntry) => state.at === 'refused' || state.at === 'conflicted';

/** What people do about what waits for them. */
export const bayActs: Readonly<Record<string, Act>> = {
  async 'resolve conflict'(device, chance) {
    const conflicts = await device.conflicts.list();
    if (conflicts.length === 0) return null;
    const { entries } = chance.pick(conflicts);
    const [first] = entries;
    if (first === undefined) return null;
    const choices = Object.fromEntries(entries.map((entry) => [entry.id, choose(entry, chance)]));
    return unlessDecided(device.conflicts.resolve(first.id, choices));
  },

  async resend(device, chance) {
    const entry = await anyEntry(device, chance, isAside);
    return entry === null ? null : unlessDecided(device.outbox.resend(entry.id));
  },

  async 'edit what was refused'(device, chance) {
    const entry = await anyEntry(device, chance, isAside);
    if (entry === null) return null;
    const dose = chance.below(1e9);
    const values: Readonly<Record<string, Readonly<Record<string, Json>>>> = {
      people: { note: `e${chance.below(1e6)}`, mentor: chance.pick(['m1', 'm2']) },
      visits: { minutes: chance.below(90) },
      doses: { dose, unit: dose % 2 === 0 ? 'mg' : 'ml' },
      notes: { text: `e${chance.below(1e6)}` },
    };
    const change = values[entry.collection];
    if (change === undefined || entry.kind === 'delete') return null;
    return unlessDecided(device.outbox.edit(entry.id, { [entry.id]: change }));
  },

  async discard(device, chance) {
    const aside = chance.happens(0.6);
    const entry = await anyEntry(device, chance, (each) => !aside || isAside(each));
    if (entry === null) return null;
    const asked = await unlessDecided(device.outbox.discard(entry.id));
    if (asked?.done === false) {
      if (asked.dependants.length === 0) throw new Error('[OB11] a discard was put off for nobody');
      if (chance.happens(0.7)) await unlessDecided(device.outbox.discard(entry.id, { withDependants: true }));
    }
    return null;
  },

  async 'fetch a record'(device, chance) {
    const [collection, id] = chance.pick([
      ['people', 'a-person-0'],
      ['people', 'direct-1'],
      ['doses', 'a-dose-1'],
      ['notes', 'a-note-0'],
    ] as const);
    try {
      const found = await device.fetch(collection, id);
      if (found.id !== id) throw new Error(`[SY14] ${id} was asked for, and ${found.id} came`);
    } catch (error) {
      const codes = ['RecordNotFound', 'Offline', 'NotAuthenticated', 'UnsupportedProtocol'] as const;
      if (!codes.some((code) => hasCode(error, code))) throw error;
    }
    return null;
  },

  async 'look around'(device, chance, { user }) {
    const wrong = await device.verify();
    if (wrong.length > 0) throw new Error(`[SY5] ${JSON.stringify(wrong[0])}`);
    await device.audit({ user });
    for (const { collection, record } of await device.overridden.list()) {
      if (chance.happens(0.5)) await device.overridden.seen(collection, record);
    }
    JSON.parse(await device.outbox.export());
    return null;
  },
};
