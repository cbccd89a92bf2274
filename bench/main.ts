import { parseArgs } from 'node:util';
import { benchChromium } from './browser/chromium.ts';
import { endProcesses } from './lib/calls.ts';
import { type Figure, isReached, printFigure } from './lib/figures.ts';
import { benchOutbox } from './node/outbox.ts';
import { benchNodeReopen } from './node/reopen.ts';
import { benchNodeWrite } from './node/write.ts';
import type { SyncBenchOptions } from './sync/stage.ts';
import { benchW1 } from './sync/w1.ts';
import { benchW2 } from './sync/w2.ts';
import { benchW3 } from './sync/w3.ts';
import { benchW6 } from './sync/w6.ts';

const HELP = `Measures what Holdfast costs, each figure beside its raw floor, all in one run.

  npm run bench                       everything
  npm run bench -- --only w1,w2       some of: w1, w2, w3, w6, outbox, write, reopen, chromium
  npm run bench -- --rtt 100          W1 to W6 over a link with 100 ms there and back
  npm run bench -- --kbit 400         … of 400 kbit/s each way
  npm run bench -- --rounds 9         rounds of W1 to W3 (default 5; turn by turn with the floor)
  npm run bench -- --json             end with one line of JSON

  w1   1,000 offline writes one by one, then their sync
  w2   the first sync of 20,000 records
  w3   catching up with 500 one-field changes on 20,000 records
  w6   five devices, 200 edits each on the same 50 records, different fields
  outbox  a write, a choice and a rebase with 10,000 entries waiting

Device, server and link are processes of their own. The server is on Postgres where one answers
(127.0.0.1:5432 or HOLDFAST_TEST_POSTGRES), otherwise on PGlite. The floor of W1 to W3 is the same rows as
one gzip JSON body over the same link, between bare SQLite of the same driver and a bare table of the same
database. Medians, encrypted. Exits with 1 if a goal was not reached.
`;

const say = (text: string) => void process.stdout.write(`${text}\n`);

const benches: Readonly<Record<string, (options: SyncBenchOptions) => Promise<Figure[]>>> = {
  w1: benchW1,
  w2: benchW2,
  w3: benchW3,
  w6: benchW6,
  outbox: benchOutbox,
  write: benchNodeWrite,
  reopen: benchNodeReopen,
  chromium: () => benchChromium(say),
};

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rtt: { type: 'string', default: '0' },
    kbit: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

/** What is wrong with how it was called; null if nothing is. */
function problem(only: readonly string[], { rttMs, kbit, rounds }: SyncBenchOptions): string | null {
  const unknown = only.find((name) => !Object.hasOwn(benches, name));
  if (unknown !== undefined) return `there is no bench "${unknown}"`;
  if (!(rttMs >= 0)) return '--rtt is a number of milliseconds';
  if (kbit !== null && !(kbit > 0)) return '--kbit is a number of kilobit a second';
  if (!(Number.isInteger(rounds) && rounds > 0)) return '--rounds is a whole number from 1';
  return null;
}

async function run(): Promise<void> {
  const only = values.only?.split(',') ?? Object.keys(benches);
  const options = {
    rttMs: Number(values.rtt),
    kbit: values.kbit === undefined ? null : Number(values.kbit),
    rounds: Number(values.rounds),
  };
  const wrong = problem(only, options);
  if (values.help || wrong !== null) {
    say(wrong === null ? HELP : `${wrong}\n\n${HELP}`);
    process.exitCode = wrong === null ? 0 : 2;
    return;
  }
  const figures: Figure[] = [];
  for (const name of Object.keys(benches).filter((each) => only.includes(each))) {
    const measured = (await benches[name]?.(options)) ?? [];
    for (const figure of measured) say(printFigure(figure));
    figures.push(...measured);
  }
  if (values.json) say(JSON.stringify(figures.map((figure) => ({ ...figure, reached: isReached(figure) }))));
  if (!figures.every(isReached)) process.exitCode = 1;
}

try {
  await run();
} finally {
  endProcesses();
}
