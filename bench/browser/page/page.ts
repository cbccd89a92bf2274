import type { Device } from '@holdfast/device';
import { openDevice } from '@holdfast/device/browser';
import { benchSchema, benchVisit, FIRST_ROWS } from '../../lib/bench-schema.ts';

const parameters = new URLSearchParams(location.search);
const token = parameters.get('token');

const opened = openDevice({
  schema: benchSchema,
  user: { id: 'bench' },
  worker: () => new Worker(new URL('./bench.worker.ts', import.meta.url), { type: 'module' }),
  // Without a token it asks nobody: what is measured then is the device alone.
  backend: { url: location.origin, token: () => token },
});

async function firstRows(device: Device<typeof benchSchema>): Promise<number> {
  const rows = await device.query((db) =>
    db.selectFrom('visits').selectAll().where('mentor', '=', 'm3').orderBy('day').limit(FIRST_ROWS),
  );
  return rows.length;
}

/** What the bench asks of the page. */
export const calls = {
  /** Milliseconds from the page's start to the first rows. */
  first: opened.then(async (device) => {
    const rows = await firstRows(device);
    return { ms: performance.now(), rows };
  }),
  async fill(): Promise<boolean> {
    const device = await opened;
    return (await device.sync()).ready;
  },
  async write(count: number, warmUp: number): Promise<number[]> {
    const device = await opened;
    const times: number[] = [];
    for (let number = 0; number < count + warmUp; number += 1) {
      const visit = benchVisit(number);
      const before = performance.now();
      await device.write((tx) => tx.visits.create(visit));
      if (number >= warmUp) times.push(performance.now() - before);
    }
    return times;
  },
  async close(): Promise<void> {
    await (await opened).close();
  },
};

declare global {
  interface Window {
    bench: typeof calls;
  }
}

window.bench = calls;
