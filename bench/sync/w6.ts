import { CHECKLIST_ITEMS } from '../lib/bench-schema.ts';
import type { BenchProcess } from '../lib/calls.ts';
import { type Figure, list } from '../lib/figures.ts';
import type { DeviceCalls } from './device-process.ts';
import { onStage, type SyncBenchOptions } from './stage.ts';

const DEVICES = 5;
const RECORDS = 50;
const ITEMS_EACH = CHECKLIST_ITEMS.length / DEVICES;

/** W6: five people fill in the same fifty lists without a link, each their own items; then all come back at once. */
export function benchW6(options: SyncBenchOptions): Promise<Figure[]> {
  return onStage(0, options, async ({ server, link, where, folder, ...stage }) => {
    const ids = await server.addChecklists(RECORDS);
    const devices: BenchProcess<DeviceCalls>[] = [];
    for (let number = 0; number < DEVICES; number += 1) {
      const device = await stage.device();
      await device.call.openAndSync(stage.address(await folder()));
      devices.push(device);
    }
    await link.cut();
    const edits = await Promise.all(
      devices.map(({ call }, number) =>
        call.edit(ids, CHECKLIST_ITEMS.slice(number * ITEMS_EACH, (number + 1) * ITEMS_EACH), number + 1),
      ),
    );
    await link.heal();
    await link.traffic();
    const before = performance.now();
    const sends = await Promise.all(devices.map(({ call }) => call.sync()));
    // Whoever came first has not seen who came last.
    await Promise.all(devices.map(({ call }) => call.sync()));
    const ms = performance.now() - before;
    const moved = await link.traffic();
    const all = edits.flatMap((each) => each.edits);
    let lost = 0;
    for (const { call } of devices) {
      const byId = new Map((await call.checklists()).map((row) => [row.id, row]));
      lost += all.filter(({ id, field, value }) => byId.get(id)?.[field] !== value).length;
    }
    for (const device of devices) await device.end();
    return [
      {
        name: `W6: edits lost, of ${all.length} by ${DEVICES} devices on ${RECORDS} records`,
        unit: 'edits',
        value: lost,
        goal: 0,
        detail: `looked for on each of the ${DEVICES}; ${where}`,
      },
      {
        name: 'W6: until all have all',
        unit: 'ms',
        value: ms,
        goal: null,
        detail: `each sent in ${list(sends)} ms; wrote ${all.length / DEVICES} in ${list(edits.map((each) => each.ms))} ms`,
      },
      {
        name: 'W6: bytes both ways',
        unit: 'KB',
        value: (moved.up + moved.down) / 1024,
        goal: null,
        detail: `${(moved.up / 1024).toFixed(1)} KB up, ${(moved.down / 1024).toFixed(1)} KB down; ${moved.paths}`,
      },
    ];
  });
}
