import type { Operation } from '../record-operation.ts';
import { conflicted, newPerson, offline, online, refused, synced, unsent } from './preparations.ts';

/** What a person decides about what was set aside. */
export const deciding: readonly Operation[] = [
  {
    name: 'a conflict decided for mine',
    prepare: conflicted,
    async run(world) {
      const [conflict] = await world.device.conflicts.list();
      const dose = conflict?.entries.find(({ fields }) => fields.length > 0)?.id ?? '';
      const choices = { [dose]: { fields: { dose: 'mine', unit: 'mine' } as const } };
      await world.decide((device) => device.conflicts.resolve(dose, choices));
      await world.sync();
    },
  },
  {
    name: 'a conflict decided for theirs',
    prepare: conflicted,
    async run(world) {
      const [conflict] = await world.device.conflicts.list();
      const dose = conflict?.entries.find(({ fields }) => fields.length > 0)?.id ?? '';
      const choices = { [dose]: { fields: { dose: 'theirs', unit: 'theirs' } as const } };
      await world.decide((device) => device.conflicts.resolve(dose, choices));
      await world.sync();
    },
  },
  {
    name: 'a record that others deleted is kept',
    async prepare(world) {
      await offline(world);
      await world.write((tx) => tx.doses.update('d1', { dose: 7 }));
      await world.another('ben', (tx) => tx.doses.delete('d1'));
      await online(world);
    },
    async run(world) {
      const [conflict] = await world.device.conflicts.list();
      const id = conflict?.entries[0]?.id ?? '';
      const choice = { record: 'keep', fields: { dose: 'mine', unit: 'mine' } } as const;
      await world.decide((device) => device.conflicts.resolve(id, { [id]: choice }));
      await world.sync();
    },
  },
  {
    name: 'a refused entry sent again as it is',
    prepare: refused,
    async run(world) {
      const [entry] = await world.device.outbox.list();
      await world.decide((device) => device.outbox.resend(entry?.id ?? ''));
      await world.sync();
    },
  },
  {
    name: 'a refused entry edited and sent again',
    prepare: refused,
    async run(world) {
      const [entry] = await world.device.outbox.list();
      const id = entry?.id ?? '';
      await world.decide((device) => device.outbox.edit(id, { [id]: { mentor: 'm1' } }));
      await world.sync();
    },
  },
  {
    name: 'a refused entry discarded with what depends on it',
    prepare: refused,
    async run(world) {
      const [entry] = await world.device.outbox.list();
      await world.discard(entry?.id ?? '');
      await world.sync();
    },
  },
  {
    name: 'discard of what was never sent',
    prepare: unsent,
    async run(world) {
      for (const { id } of await world.device.outbox.list()) await world.discard(id);
    },
  },
  {
    name: 'discard of what may have been sent',
    async prepare(world) {
      await unsent(world);
      world.link.up = true;
      world.link.loseAnswers = 1;
      await world.sync();
      world.link.up = false;
    },
    async run(world) {
      const [entry] = await world.device.outbox.list();
      await world.discard(entry?.id ?? '');
      await online(world);
    },
  },
  {
    name: 'a decision sent into a new epoch',
    async prepare(world) {
      await refused(world);
      world.link.up = false;
      const [entry] = await world.device.outbox.list();
      const id = entry?.id ?? '';
      await world.decide((device) => device.outbox.edit(id, { [id]: { mentor: 'm1' } }));
      await world.onServer(async (side) => side.beginEpoch());
    },
    run: online,
  },
  {
    name: 'released entries that come back in a new epoch',
    async prepare(world) {
      await synced(world);
      await world.write((tx) => tx.people.create({ id: 'p7', ...newPerson('Una') }));
      await world.sync();
      await world.sync();
      await world.onServer(async (side) => side.beginEpoch());
    },
    run: online,
  },
];
