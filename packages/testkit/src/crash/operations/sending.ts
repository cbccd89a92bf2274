import type { Operation } from '../record-operation.ts';
import { NIA, newPerson, offline, online, unsent } from './preparations.ts';

/** What is sent, and what is answered. */
export const sending: readonly Operation[] = [
  {
    name: 'mark sending, and receipts',
    prepare: unsent,
    run: online,
  },
  {
    name: 'acknowledge receipts',
    async prepare(world) {
      await unsent(world);
      world.link.up = true;
      await world.sync();
    },
    async run(world) {
      await world.sync();
    },
  },
  {
    name: 'an answer that is lost, and the repeat',
    prepare: unsent,
    async run(world) {
      world.link.up = true;
      world.link.loseAnswers = 1;
      await world.sync();
      await world.passTime(600_000);
    },
  },
  {
    name: 'give back what could not be sent',
    prepare: unsent,
    async run(world) {
      const { send } = world.link;
      world.link.up = true;
      world.link.send = async () => ({ status: 503, body: '{"error":{"code":"Busy","message":"busy"}}' });
      await world.sync();
      world.link.send = send;
    },
  },
  {
    name: 'a conflict',
    async prepare(world) {
      await offline(world);
      await world.write((tx) => tx.doses.update('d1', { dose: 7 }));
      await world.another('ben', (tx) => tx.doses.update('d1', { dose: 9 }));
    },
    run: online,
  },
  {
    name: 'a refusal, and what needs it',
    async prepare(world) {
      await offline(world);
      await world.write((tx) => tx.people.create({ id: 'p8', ...newPerson('Ola'), mentor: 'm9' }));
      await world.write((tx) => tx.visits.create({ personId: 'p8', minutes: 5, kind: 'phone' }));
    },
    run: online,
  },
  {
    name: 'a merge that loses a value',
    async prepare(world) {
      await offline(world);
      await world.write((tx) => tx.people.update('p1', { phone: '111' }));
      await world.passTime(60_000);
      await world.another('ben', (tx) => tx.people.update('p1', { phone: '222' }));
    },
    run: online,
  },
  {
    name: 'a command, sent and answered',
    async prepare(world) {
      await offline(world);
      await world.write((tx) => tx.command('visited', { person: 'p1', note: 'came by' }));
    },
    run: online,
  },
  {
    name: 'ids that the backend assigns',
    async prepare(world) {
      world.assigns = true;
      await unsent(world);
    },
    run: online,
  },
  {
    name: 'ids that the backend has assigned, and the answer that is lost',
    async prepare(world) {
      world.assigns = true;
      await unsent(world);
    },
    async run(world) {
      world.link.up = true;
      world.link.loseAnswers = 1;
      await world.sync();
      await world.write((tx) => tx.people.update(NIA, { phone: '9' }));
      await world.passTime(600_000);
    },
  },
];
