import type { Operation } from '../record-operation.ts';
import { newPerson, offline, unsent } from './preparations.ts';

/** What a person writes. */
export const writing: readonly Operation[] = [
  {
    name: 'write of one record',
    prepare: offline,
    async run(world) {
      await world.write((tx) => tx.people.update('p1', { name: 'Ada L.' }));
    },
  },
  {
    name: 'create',
    prepare: offline,
    async run(world) {
      await world.write((tx) => tx.people.create(newPerson('Nia')));
    },
  },
  {
    name: 'delete',
    prepare: offline,
    async run(world) {
      await world.write((tx) => tx.visits.delete('v1'));
    },
  },
  {
    name: 'write of several records',
    prepare: offline,
    async run(world) {
      await world.write((tx) => {
        const created = tx.people.create(newPerson('Nia'));
        tx.visits.create({ personId: created.id, minutes: 30, kind: 'home' });
        tx.doses.create({ personId: created.id, dose: 2, unit: 'ml' });
        tx.people.update('p2', { phone: '1' });
        tx.visits.delete('v1');
      });
    },
  },
  {
    name: 'write of a hundred records',
    prepare: offline,
    async run(world) {
      await world.write((tx) => {
        for (let i = 0; i < 100; i += 1) tx.people.create({ ...newPerson(`Nia ${i}`), note: 'x'.repeat(200) });
      });
    },
  },
  {
    name: 'writes of one record, one after the other',
    prepare: offline,
    async run(world) {
      await world.write((tx) => tx.people.update('p1', { name: 'Ada L.' }));
      await world.write((tx) => tx.people.update('p1', { name: 'Ada M.', phone: '2' }));
      await world.write((tx) => tx.people.update('p1', { note: 'met' }));
    },
  },
  {
    name: 'create, and delete before it is sent',
    prepare: offline,
    async run(world) {
      const id = 'brief';
      const made = await world.write((tx) => tx.people.create({ id, ...newPerson('Nia') }));
      for (const mutation of made.mutations) world.givenUp.add(mutation);
      await world.write((tx) => tx.people.delete(id));
    },
  },
  {
    name: 'confirm a value',
    prepare: offline,
    async run(world) {
      await world.write((tx) => tx.people.update('p1', { name: 'Ada' }, { confirm: true }));
    },
  },
  {
    name: 'a command, and what comes after it',
    prepare: offline,
    async run(world) {
      await world.write((tx) => {
        tx.command('visited', { person: 'p1', note: 'came by' });
        tx.people.update('p2', { phone: '3' });
      });
      await world.write((tx) => tx.people.update('p1', { phone: '4' }));
    },
  },
  {
    name: 'a write that waits for another',
    prepare: unsent,
    async run(world) {
      const earlier = await world.write((tx) => tx.people.update('p2', { phone: '3' }));
      await world.write((tx) => tx.visits.create({ personId: 'p1', minutes: 1, kind: 'phone' }), {
        waitFor: earlier.mutations,
      });
    },
  },
];
