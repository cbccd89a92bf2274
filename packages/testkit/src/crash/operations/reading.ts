import { USER } from '../crash-world.ts';
import type { Operation } from '../record-operation.ts';
import { many, newPerson, offline, online, person, synced, unsent } from './preparations.ts';

/** What comes from others. */
export const reading: readonly Operation[] = [
  {
    name: 'first read',
    async prepare(world) {
      world.link.up = false;
      await world.onServer(async (side) => {
        side.setScopes(USER, ['mentor:m1', 'mentor:m2']);
        await side.importRows('people', { p1: person('Ada'), p2: person('Ben', 'm2') });
      });
      await world.open();
    },
    run: online,
  },
  {
    name: 'changes of others',
    async prepare(world) {
      await offline(world);
      await world.another('ben', (tx) => {
        tx.people.update('p1', { name: 'Ada K.' });
        tx.visits.delete('v1');
        tx.people.create(newPerson('Pia'));
      });
    },
    run: online,
  },
  {
    name: 'changes of others under own unsent ones',
    async prepare(world) {
      await unsent(world);
      await world.another('ben', (tx) => tx.people.update('p1', { phone: '5', name: 'Ada K.' }));
    },
    run: online,
  },
  {
    name: 'a checkpoint of 500 records',
    async prepare(world) {
      await offline(world);
      await many(world);
    },
    run: online,
  },
  {
    name: 'staged pages, and their checkpoint',
    async prepare(world) {
      await offline(world);
      await many(world);
      await world.onServer(async (side) => {
        side.pageBytes = 20_000;
      });
    },
    run: online,
  },
  {
    name: 'a scope lost',
    async prepare(world) {
      await unsent(world);
      await world.onServer(async (side) => side.setScopes(USER, ['mentor:m1']));
    },
    run: online,
  },
  {
    name: 'a scope gained',
    async prepare(world) {
      await offline(world);
      await world.onServer(async (side) => {
        await side.importRows('people', { q1: person('Quy', 'm3'), q2: person('Roz', 'm3') });
        side.setScopes(USER, ['mentor:m1', 'mentor:m2', 'mentor:m3']);
      });
    },
    run: online,
  },
  {
    name: 'records that move out of the scopes',
    async prepare(world) {
      await unsent(world);
      await world.onServer((side) => side.importRows('people', { p1: person('Ada', 'm7') }));
    },
    run: online,
  },
  {
    name: 'a new epoch',
    async prepare(world) {
      await unsent(world);
      await world.onServer(async (side) => {
        side.beginEpoch();
        await side.importRows('people', { p1: person('Ada'), p2: person('Ben, restored') });
      });
    },
    run: online,
  },
  {
    name: 'a clock that learns the time',
    prepare: synced,
    async run(world) {
      await world.passTime(600_000);
    },
  },
  {
    name: 'released entries that are old enough to go',
    async prepare(world) {
      await unsent(world);
      await online(world);
      world.device.pause();
      await world.passTime(15 * 86_400_000);
    },
    async run(world) {
      world.device.resume();
      await world.sync();
    },
  },
];
