import { hasCode, type Json, sameJson } from '@holdfast/core';
import type { Chance } from '../chance.ts';
import type { Act, Ready } from './acting.ts';

const COLLECTIONS = ['people', 'visits', 'doses', 'notes'] as const;

async function anyId(device: Ready, collection: (typeof COLLECTIONS)[number], chance: Chance): Promise<string | null> {
  const rows = await device.query((db) => db.selectFrom(collection).select('id').orderBy('id'));
  // Mostly the same few records, so that people get in each other's way.
  const near = chance.happens(0.7) ? rows.slice(0, 3) : rows;
  return near.length === 0 ? null : chance.pick(near).id;
}

/** I5: the writer sees what they wrote, at once, unless the record itself waits for a person. */
async function expectShown(device: Ready, id: string, change: Readonly<Record<string, string | null>>): Promise<void> {
  const [row] = await device.query((db) => db.selectFrom('people').selectAll().where('id', '=', id));
  if (row === undefined || device.outbox.records.get().get(`people/${id}`) === 'needs-attention') return;
  const shown = Object.fromEntries(Object.keys(change).map((field) => [field, row[field as keyof typeof row]]));
  if (!sameJson(shown as Json, change)) {
    throw new Error(`[I5] [WR3] wrote ${JSON.stringify(change)}, and is shown ${JSON.stringify(shown)}`);
  }
}

const unitOf = (dose: number) => (dose % 2 === 0 ? ('mg' as const) : ('ml' as const));

/** Mostly where the writer may write; sometimes not, which the server refuses. */
function mentorFor(user: string, chance: Chance): string {
  if (user === 'dia' || chance.happens(0.1)) return chance.pick(['m1', 'm2']);
  return user === 'cem' ? 'm2' : 'm1';
}

export const recordActs: Readonly<Record<string, Act>> = {
  'create person': (device, chance, { user }) =>
    device.write((tx) =>
      tx.people.create({ name: `p${chance.below(1e6)}`, mentor: mentorFor(user, chance), note: '' }),
    ),

  'create person with visit and dose': (device, chance, { user }) =>
    device.write((tx) => {
      const person = tx.people.create({ name: `p${chance.below(1e6)}`, mentor: mentorFor(user, chance), note: '' });
      const visit = tx.visits.create({ personId: person.id, minutes: chance.below(90), kind: 'home' });
      const dose = chance.below(1e9);
      tx.doses.create({ personId: person.id, dose, unit: unitOf(dose), basis: [{ visitId: visit.id }] });
    }),

  async 'create visit'(device, chance) {
    const personId = await anyId(device, 'people', chance);
    if (personId === null) return null;
    return device.write((tx) => tx.visits.create({ personId, minutes: chance.below(90), kind: 'phone' }));
  },

  async 'change person'(device, chance) {
    const id = await anyId(device, 'people', chance);
    if (id === null) return null;
    const change = chance.pick([
      { name: `n${chance.below(1e6)}` },
      { phone: chance.happens(0.2) ? null : `${chance.below(1e6)}` },
      { note: `x${chance.below(1e6)}`, phone: `${chance.below(1e6)}` },
    ]);
    const done = await device.write((tx) => tx.people.update(id, change), { priority: 1 + chance.below(9) });
    await expectShown(device, id, change);
    return done;
  },

  async 'confirm person'(device, chance) {
    const rows = await device.query((db) => db.selectFrom('people').select(['id', 'name', 'note']).orderBy('id'));
    const row = rows.length === 0 ? undefined : chance.pick(rows);
    if (row === undefined) return null;
    return device.write((tx) => tx.people.update(row.id, { name: row.name }, { confirm: chance.happens(0.7) }));
  },

  async 'reassign person'(device, chance, { user }) {
    const id = await anyId(device, 'people', chance);
    if (id === null) return null;
    return device.write((tx) => tx.people.update(id, { mentor: mentorFor(user, chance) }));
  },

  async 'change visit'(device, chance) {
    const id = await anyId(device, 'visits', chance);
    if (id === null) return null;
    return device.write((tx) => tx.visits.update(id, { minutes: chance.below(90) }));
  },

  async 'change dose'(device, chance) {
    const id = await anyId(device, 'doses', chance);
    if (id === null) return null;
    const dose = chance.below(1e9);
    return device.write((tx) => tx.doses.update(id, { dose, unit: unitOf(dose) }));
  },

  async 'change person and visit'(device, chance) {
    const [person, visit] = [await anyId(device, 'people', chance), await anyId(device, 'visits', chance)];
    if (person === null || visit === null) return null;
    return device.write((tx) => {
      tx.people.update(person, { note: `t${chance.below(1e6)}` });
      tx.visits.update(visit, { minutes: chance.below(90) });
    });
  },

  async 'change one record twice'(device, chance) {
    const [person, dose] = [await anyId(device, 'people', chance), await anyId(device, 'doses', chance)];
    if (person === null || dose === null) return null;
    const [first, second] = [chance.below(1e9), chance.below(1e9)];
    return device.write((tx) => {
      tx.doses.update(dose, { dose: first, unit: unitOf(first) });
      tx.people.update(person, { note: `a${chance.below(1e6)}` });
      tx.doses.update(dose, { dose: second, unit: unitOf(second) });
      tx.people.update(person, { note: `b${chance.below(1e6)}`, phone: `${chance.below(1e6)}` });
    });
  },

  'create note': (device, chance) =>
    device.write((tx) => tx.notes.create({ text: `${chance.below(1e6)}`, level: chance.pick(['a', 'b']) })),

  async 'change note'(device, chance) {
    const id = await anyId(device, 'notes', chance);
    if (id === null) return null;
    return device.write((tx) => tx.notes.update(id, { text: `${chance.below(1e6)}` }));
  },

  async 'delete something'(device, chance) {
    const collection = chance.pick(COLLECTIONS);
    const id = await anyId(device, collection, chance);
    if (id === null) return null;
    return device.write((tx) => tx[collection].delete(id));
  },

  async 'delete person with all'(device, chance) {
    const id = await anyId(device, 'people', chance);
    if (id === null) return null;
    const visits = await device.query((db) =>
      db
        .selectFrom('visits')
        .select('id')
        .where('personId', '=', id as never),
    );
    return device.write((tx) => {
      for (const visit of visits) tx.visits.delete(visit.id);
      tx.people.delete(id);
    });
  },

  /** A record that goes, and another with the same content in its place. */
  async 'delete note and write it anew'(device, chance) {
    const id = await anyId(device, 'notes', chance);
    if (id === null) return null;
    return device.write((tx) => {
      tx.notes.delete(id);
      tx.notes.create({ text: `${chance.below(1e6)}`, level: 'a' });
    });
  },

  async 'discharge person'(device, chance) {
    const id = await anyId(device, 'people', chance);
    if (id === null) return null;
    const beside = chance.happens(0.3);
    return device.write((tx) => {
      if (beside) tx.people.update(id, { phone: `${chance.below(1e6)}` });
      tx.command('discharge', { personId: id as never, why: `w${chance.below(1e6)}` });
    });
  },

  /** A wait that no reference shows (OB3). */
  async 'change note after something'(device, chance, { acknowledged }) {
    const id = await anyId(device, 'notes', chance);
    if (id === null || acknowledged.size === 0) return null;
    const waitFor = [chance.pick([...acknowledged])];
    return device.write((tx) => tx.notes.update(id, { text: `w${chance.below(1e6)}` }), { waitFor });
  },

  async 'sync now'(device) {
    void device.sync().catch(() => undefined);
    return null;
  },

  async 'pause or resume'(device, chance) {
    if (chance.happens(0.3)) device.pause();
    else device.resume();
    return null;
  },

  async 'write nonsense'(device) {
    await device
      .write((tx) => tx.visits.create({ personId: '../x', minutes: 1.5, kind: 'home' }))
      .then(
        () => {
          throw new Error('[WR2] a write that does not fit the schema was accepted');
        },
        (error: unknown) => {
          if (!hasCode(error, 'InvalidWrite')) throw error;
        },
      );
    return null;
  },
};
