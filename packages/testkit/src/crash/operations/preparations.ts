import { createChance } from '../../sim/chance.ts';
import { type CrashWorld, USER } from '../crash-world.ts';

/** A person as the newest app has one. */
export const person = (name: string, mentor = 'm1') => ({
  name,
  phone: null,
  street: null,
  born: null,
  mentor,
  note: '',
});

/** As the first app writes one. */
export const newPerson = (name: string) => ({ name, phone: null, mentor: 'm1', note: '' });

/** Of a person who is made here. */
export const NIA = '01900000-0000-7000-8000-0000000000f9';

/** A device that has read a few people. */
export async function synced(world: CrashWorld): Promise<void> {
  await world.onServer(async (side) => {
    side.setScopes(USER, ['mentor:m1', 'mentor:m2']);
    side.setScopes('ben', ['mentor:m1', 'mentor:m2']);
    await side.importRows('people', { p1: person('Ada'), p2: person('Ben'), p3: person('Cem', 'm2') });
    await side.importRows('visits', {
      v1: { personId: 'p1', minutes: 10, kind: 'home' },
      v3: { personId: 'p3', minutes: 5, kind: 'home' },
    });
    await side.importRows('doses', { d1: { personId: 'p1', dose: 5, unit: 'mg' } });
  });
  await world.open();
  await world.sync();
}

export async function offline(world: CrashWorld): Promise<void> {
  await synced(world);
  world.link.up = false;
}

/** With an update, a create, and a delete that were never sent. */
export async function unsent(world: CrashWorld): Promise<void> {
  await offline(world);
  await world.write((tx) => tx.people.update('p1', { name: 'Ada L.' }));
  await world.write((tx) => {
    const created = tx.people.create({ id: NIA, ...newPerson('Nia') });
    tx.visits.create({ personId: created.id, minutes: 30, kind: 'home' });
  });
  await world.write((tx) => tx.visits.delete('v3'));
}

/** What it has is sent, and what there is read. */
export async function online(world: CrashWorld): Promise<void> {
  world.link.up = true;
  await world.sync();
}

/** A dose that somebody else has changed too: a person has to decide. */
export async function conflicted(world: CrashWorld): Promise<void> {
  await offline(world);
  await world.write((tx) => {
    tx.doses.update('d1', { dose: 7 });
    tx.people.update('p2', { note: 'with it' });
  });
  await world.another('ben', (tx) => tx.doses.update('d1', { dose: 9 }));
  await online(world);
}

/** A person where the writer may not write, and a visit to them. */
export async function refused(world: CrashWorld): Promise<void> {
  await offline(world);
  await world.write((tx) => tx.people.create({ id: 'p8', ...newPerson('Ola'), mentor: 'm9' }));
  await world.write((tx) => tx.visits.create({ id: 'v8', personId: 'p8', minutes: 5, kind: 'phone' }));
  await online(world);
}

/** 500 more people on the server. */
export async function many(world: CrashWorld): Promise<void> {
  const chance = createChance(500);
  const rows = Array.from(
    { length: 500 },
    (_, i) => [`many${i}`, { ...person(`Person ${i}`, 'm2'), note: `${chance.below(1e9)}`.repeat(8) }] as const,
  );
  await world.onServer((side) => side.importRows('people', Object.fromEntries(rows)));
}
