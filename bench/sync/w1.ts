import { randomBytes } from 'node:crypto';
import { uuidV7 } from '@holdfast/core';
import { benchVisit } from '../lib/bench-schema.ts';
import { type Figure, list, median, ratioOf } from '../lib/figures.ts';
import { onStage, type SyncBenchOptions } from './stage.ts';

const WRITES = 1_000;

/** W1: a day without a link, a thousand writes one by one; then the link comes back. */
export function benchW1(options: SyncBenchOptions): Promise<Figure[]> {
  return onStage(0, options, async ({ server, link, where, folder, ...stage }) => {
    const [own, floor] = [await stage.device(), await stage.bare()];
    const home = await folder();
    await own.call.open(stage.address(home));
    await own.call.sync();
    await floor.call.open(home, stage.floorUrl);
    const writes: { own: number[]; floor: number[] } = { own: [], floor: [] };
    const [ownMs, floorMs, upRatios, requests]: number[][] = [[], [], [], []];
    let traffic = '';
    for (let round = 0; round < options.rounds; round += 1) {
      await link.cut();
      const written = await own.call.write(home, WRITES, round * WRITES);
      writes.own.push(median(written.own));
      writes.floor.push(median(written.floor));
      const rows = Array.from({ length: WRITES }, (_, number) => ({
        // As devices make them, one after the other: these pack a little better than other ids.
        id: uuidV7(Date.now() + number, randomBytes(10)),
        ...benchVisit(round * WRITES + number),
      }));
      const pushed = await floor.call.push(rows);
      floorMs?.push(pushed.ms);
      await link.traffic();
      await link.heal();
      ownMs?.push(await own.call.sync());
      const moved = await link.traffic();
      upRatios?.push(moved.up / pushed.bytes);
      requests?.push(moved.requests);
      traffic = `${kb(moved.up)} KB up against ${kb(pushed.bytes)} KB, ${kb(moved.down)} KB down; ${moved.paths}`;
    }
    const { visits } = await server.counts();
    if (visits !== options.rounds * WRITES) throw new Error(`the server has ${visits} of the visits`);
    await own.end();
    await floor.end();
    return [
      {
        name: `W1: ${WRITES} offline writes, one by one`,
        unit: '×',
        value: ratioOf(writes.own, writes.floor),
        goal: 2.5,
        detail: `median write a round: ${list(writes.own)} ms against ${list(writes.floor)} ms bare`,
      },
      {
        name: 'W1: their sync',
        unit: '×',
        value: ratioOf(ownMs ?? [], floorMs ?? []),
        goal: 4,
        detail: `${list(ownMs ?? [])} ms against ${list(floorMs ?? [])} ms as one gzip JSON body; ${where}`,
      },
      {
        name: 'W1: bytes up, of gzip of the rows',
        unit: '×',
        value: median(upRatios ?? []),
        goal: 1.3,
        detail: traffic,
      },
      {
        name: 'W1: requests',
        unit: 'requests',
        value: median(requests ?? []),
        goal: 12,
        detail: `a round: ${(requests ?? []).join(', ')}`,
      },
    ];
  });
}

function kb(bytes: number): string {
  return (bytes / 1024).toFixed(1);
}
