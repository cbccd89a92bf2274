import { createInterface } from 'node:readline';
import { openDevice } from '@holdfast/device/node';
import { fieldbook } from '../../src/schema.ts';

/**
 * A Fieldbook device in a process of its own, so that it can be killed: one command a line comes in, one
 * answer a line goes out. Started with its options as JSON.
 */
const options = JSON.parse(process.argv[2] ?? '{}') as { folder: string; user: string; url: string; token: string };

const device = await openDevice({
  schema: fieldbook,
  user: { id: options.user },
  folder: options.folder,
  backend: { url: options.url, token: () => options.token },
  sync: { pollMs: 60_000 },
});

type Command =
  | { readonly do: 'sync' | 'status' | 'outbox' | 'close' }
  | { readonly do: 'patients' }
  | { readonly do: 'work'; readonly edit: string; readonly phone: string };

const commands = {
  sync: () => device.sync(),
  status: async () => device.status.get(),
  outbox: () => device.outbox.list(),
  patients: () => device.query((db) => db.selectFrom('patients').select(['id', 'name', 'phone']).orderBy('id')),
  encounters: () => device.query((db) => db.selectFrom('encounters').select(['id', 'patientId', 'reason'])),
  /** A home visit: a new patient, an encounter that refers to it, and a change to a third record. */
  async work({ edit, phone }: Extract<Command, { do: 'work' }>) {
    let ids = { patient: '', encounter: '' };
    await device.write((tx) => {
      const patient = tx.patients.create({
        name: 'Ada Lovelace',
        birthDate: '1990-12-10',
        sex: 'female',
        mentorId: options.user,
      });
      const encounter = tx.encounters.create({
        patientId: patient.id,
        start: '2026-11-21T09:30:00+01:00',
        kind: 'Home visit',
        status: 'finished',
        reason: 'first visit',
      });
      ids = { patient: patient.id, encounter: encounter.id };
    });
    await device.write((tx) => tx.patients.update(edit, { phone }));
    return ids;
  },
  async close() {
    await device.close();
    return null;
  },
};

process.stdout.write('{"ready":true}\n');
for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line) as { do: keyof typeof commands };
  try {
    const value = await commands[command.do](command as never);
    process.stdout.write(`${JSON.stringify({ value })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ error: error instanceof Error ? error.stack : String(error) })}\n`);
  }
  if (command.do === 'close') break;
}
process.exit(0);
