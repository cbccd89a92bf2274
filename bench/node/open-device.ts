import { nodeDeviceKey, openDevice } from '@holdfast/device/node';
import { benchSchema, FIRST_ROWS } from '../lib/bench-schema.ts';

const folder = process.argv[2] ?? '';
const device = await openDevice({
  schema: benchSchema,
  user: { id: 'bench' },
  folder,
  unlock: nodeDeviceKey({ folder, warn: () => {} }),
  backend: { url: 'http://127.0.0.1:9', token: () => null },
});
const rows = await device.query((db) =>
  db.selectFrom('visits').selectAll().where('mentor', '=', 'm3').orderBy('day').limit(FIRST_ROWS),
);
process.stdout.write(JSON.stringify({ ms: performance.now(), rows: rows.length }));
await device.close();
