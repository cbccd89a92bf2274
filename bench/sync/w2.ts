import { randomUUID } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { benchVisit, RECORDS } from '../lib/bench-schema.ts';
import { type Figure, list, median, ratioOf } from '../lib/figures.ts';
import { onStage, type SyncBenchOptions } from './stage.ts';

/** W2: a new device reads everything. Each round has processes and stores of its own. */
export function benchW2(options: SyncBenchOptions): Promise<Figure[]> {
  return onStage(RECORDS, options, async ({ link, where, folder, ...stage }) => {
    const rows = Array.from({ length: RECORDS }, (_, number) => ({ id: randomUUID(), ...benchVisit(number) }));
    const gzipBytes = (await promisify(gzip)(JSON.stringify(rows))).length;
    const [ownMs, floorMs, peaks, barePeaks, bytes]: number[][] = [[], [], [], [], []];
    let paths = '';
    for (let round = 0; round < options.rounds; round += 1) {
      const floor = await stage.bare();
      floorMs?.push(await floor.call.openAndFill(await folder(), stage.floorUrl));
      barePeaks?.push(await floor.call.peak());
      await floor.end();
      const own = await stage.device();
      await link.traffic();
      ownMs?.push(await own.call.openAndSync(stage.address(await folder())));
      const moved = await link.traffic();
      peaks?.push(await own.call.peak());
      const count = await own.call.count();
      if (count !== RECORDS) throw new Error(`the device has ${count} records`);
      await own.end();
      bytes?.push(moved.up + moved.down);
      paths = moved.paths;
    }
    return [
      {
        name: `W2: first sync of ${RECORDS} records`,
        unit: '×',
        value: ratioOf(ownMs ?? [], floorMs ?? []),
        goal: 2,
        detail: `${list(ownMs ?? [])} ms against ${list(floorMs ?? [])} ms; ${where}`,
      },
      {
        name: 'W2: bytes both ways, of gzip of the rows',
        unit: '×',
        value: median(bytes ?? []) / gzipBytes,
        goal: 1.05,
        detail: `${kb(median(bytes ?? []))} KB against ${kb(gzipBytes)} KB; ${paths}`,
      },
      {
        name: 'W2: peak memory of the device process',
        unit: 'MB',
        value: Math.max(...(peaks ?? [])),
        goal: 250,
        detail: `a round: ${list(peaks ?? [])} MB against ${list(barePeaks ?? [])} MB of the floor's`,
      },
    ];
  });
}

function kb(bytes: number): string {
  return (bytes / 1024).toFixed(0);
}
