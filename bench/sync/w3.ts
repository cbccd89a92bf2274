import { RECORDS } from '../lib/bench-schema.ts';
import { type Figure, list, median, ratioOf } from '../lib/figures.ts';
import { onStage, type SyncBenchOptions } from './stage.ts';

const CHANGES = 500;

/** W3: a device that has everything catches up with what others changed while it had no link. */
export function benchW3(options: SyncBenchOptions): Promise<Figure[]> {
  return onStage(RECORDS, options, async ({ server, link, where, folder, ...stage }) => {
    const [own, floor] = [await stage.device(), await stage.bare()];
    const home = await folder();
    await floor.call.openAndFill(home, stage.floorUrl);
    await own.call.openAndSync(stage.address(home));
    const [ownMs, floorMs, bytes]: number[][] = [[], [], []];
    let paths = '';
    // The first round is not counted: neither process has run these ways before.
    for (let round = 1; round <= options.rounds + 1; round += 1) {
      await link.cut();
      await server.change(CHANGES, round);
      const pulled = await floor.call.pull(round - 1);
      if (pulled.rows !== CHANGES) throw new Error(`the floor has ${pulled.rows} changes`);
      await link.traffic();
      await link.heal();
      const ms = await own.call.sync();
      const moved = await link.traffic();
      const changed = await own.call.minutes();
      if (changed !== CHANGES * round) throw new Error(`the device has ${changed} of ${CHANGES * round} changes`);
      if (round === 1) continue;
      floorMs?.push(pulled.ms);
      ownMs?.push(ms);
      bytes?.push(moved.up + moved.down);
      paths = moved.paths;
    }
    await own.end();
    await floor.end();
    return [
      {
        name: `W3: catch-up with ${CHANGES} one-field changes on ${RECORDS}`,
        unit: '×',
        value: ratioOf(ownMs ?? [], floorMs ?? []),
        goal: 2,
        detail: `${list(ownMs ?? [])} ms against ${list(floorMs ?? [])} ms; ${where}`,
      },
      {
        name: 'W3: bytes both ways',
        unit: 'KB',
        value: median(bytes ?? []) / 1024,
        goal: 35,
        detail: paths,
      },
    ];
  });
}
