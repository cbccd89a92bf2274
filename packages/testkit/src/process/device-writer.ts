import { nodeDeviceKey, openDevice } from '@holdfast/device/node';
import { crashSchemas } from '../crash/crash-schema.ts';
import type { DeviceFound } from '../crash/kill-processes.ts';
import { createChance } from '../sim/chance.ts';

/**
 * Arguments: a folder, the server's address, a token, a seed, and `home` to send everything and end. Says
 * first what it finds; then writes and syncs until it is killed, and prints the mutations of each write
 * that has resolved.
 */
const [folder = '', url = '', token = '', seed = '1', task = ''] = process.argv.slice(2);

const say = (word: string, what: unknown) => process.stdout.write(`${word} ${JSON.stringify(what)}\n`);
const chance = createChance(Number(seed));
const faults: string[] = [];
const device = await openDevice({
  schema: crashSchemas.first,
  user: { id: 'ada' },
  folder,
  unlock: nodeDeviceKey({ folder, warn: () => {} }),
  backend: { url, token: () => token },
  onFault: (error) => faults.push(String(error)),
});

const entries = await device.outbox.list();
say('found', {
  differences: (await device.verify()).map(({ collection, record, problem }) => `${collection}/${record}: ${problem}`),
  waiting: entries.map(({ id }) => id),
} satisfies DeviceFound);

if (task === 'home') {
  for (let left = await device.outbox.list(); left.length > 0; left = await device.outbox.list()) {
    await device.sync();
    if (device.status.get().phase.at !== 'idle') await new Promise((resume) => setTimeout(resume, 50));
  }
  await device.sync();
  const people = await device.query((db) => db.selectFrom('people').selectAll());
  const visits = await device.query((db) => db.selectFrom('visits').selectAll());
  const differences = await device.verify();
  say('home', { people: people.length, visits: visits.length, differences: differences.length, faults });
  await device.close();
  process.exit(0);
}

for (let write = 0; ; write += 1) {
  const people = await device.query((db) => db.selectFrom('people').select('id').orderBy('id').limit(20));
  const known = people.length === 0 ? null : chance.pick(people).id;
  const what = known === null ? 'create' : chance.pick(['update', 'update with a visit', 'create'] as const);
  const { mutations } = await device.write((tx) => {
    if (known === null || what === 'create') {
      const person = tx.people.create({ name: `${write}`, phone: null, mentor: 'm1', note: 'n'.repeat(400) });
      tx.visits.create({ personId: person.id, minutes: write, kind: 'phone' });
    } else if (what === 'update') tx.people.update(known, { name: `${seed}.${write}` });
    else {
      tx.people.update(known, { note: `${seed}.${write}`, phone: `${chance.below(1e6)}` });
      tx.visits.create({ personId: known, minutes: write, kind: 'home' });
    }
  });
  say('kept', mutations);
  if (chance.happens(0.2)) await device.sync();
}
