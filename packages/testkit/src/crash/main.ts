import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { Share, ShareReport } from './crash-share.ts';

const HELP = `Stops a device at any write to its disk, or kills it, and looks at what is left.

  npm run crash                     2,000 points and 200 full disks
  npm run crash -- --points 20000   so many writes, before, after and in the middle of each
  npm run crash -- --full 5000      a disk that is full from some write on, at so many writes
  npm run crash -- --kills 500      a process on an encrypted folder, killed so often while it writes and syncs
  npm run crash -- --pages 200      a worker, its page or Chromium, killed so often while it writes
  --seed 7                          other points, and other parts of them that are lost
  --json                            one line of JSON before the last

Exits with 1 if anything was torn or lost, with 2 if an option is wrong.
`;

const WORKERS = 2;
const SHOWN = 10;
const COUNTS = ['points', 'full', 'kills', 'pages'] as const;
const BY_DEFAULT = { points: 2_000, full: 200, kills: 0, pages: 0 };

type Counts = Readonly<Record<(typeof COUNTS)[number], number>>;

interface Options extends Counts {
  readonly seed: number;
  readonly json: boolean;
}

function wholeNumber(name: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} takes a whole number, not "${text}"`);
  return value;
}

function readOptions(args: readonly string[]): Options | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      points: { type: 'string' },
      full: { type: 'string' },
      kills: { type: 'string' },
      pages: { type: 'string' },
      seed: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const given = COUNTS.map((name) => [name, wholeNumber(name, values[name])] as const);
  const chosen = given.some(([, count]) => count !== null);
  const counts = chosen ? Object.fromEntries(given.map(([name, count]) => [name, count ?? 0])) : BY_DEFAULT;
  return { ...(counts as Counts), seed: wholeNumber('seed', values.seed) ?? 1, json: values.json };
}

/** The `crash` command. Gives the exit code. */
export async function main(args: readonly string[], print: (text: string) => void): Promise<number> {
  let options: Options | null;
  try {
    options = readOptions(args);
  } catch (error) {
    print(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return 2;
  }
  if (options === null) {
    print(HELP);
    return 0;
  }
  let shown = 0;
  const show = (line: string) => {
    shown += 1;
    if (shown <= SHOWN) print(line);
  };
  const said: string[] = [];
  let bad = 0;
  const result: Record<string, unknown> = {};
  if (options.points + options.full > 0) {
    const { points, torn, full, failed, operations, places } = await stopAtWrites(options, show);
    bad += torn + failed;
    Object.assign(result, { points, torn, full, failed, operations, places });
    if (options.points > 0)
      said.push(`${points} points, ${torn} torn, in ${operations} operations with ${places} places`);
    if (options.full > 0) said.push(`${full} full disks, ${failed} failed`);
  }
  // Loaded only here: they need a bundler and a browser.
  if (options.kills > 0) {
    const { killProcesses } = await import('./kill-processes.ts');
    const report = await killProcesses(options.kills, options.seed);
    bad += report.problems.length;
    Object.assign(result, { kills: report });
    for (const problem of report.problems) show(problem);
    said.push(
      `${report.kills} kills, ${report.acknowledged} mutations acknowledged, ${report.problems.length} problems`,
    );
  }
  if (options.pages > 0) {
    const { killPages } = await import('./kill-pages.ts');
    const report = await killPages(options.pages, options.seed);
    bad += report.problems.length;
    Object.assign(result, { pages: report });
    for (const problem of report.problems) show(problem);
    said.push(
      `${report.kills} kills in Chromium, ${report.acknowledged} writes acknowledged, ${report.problems.length} problems`,
    );
  }
  if (options.json) print(JSON.stringify(result));
  print(`crash: ${said.join('; ')}`);
  return bad === 0 ? 0 : 1;
}

async function stopAtWrites({ points, full, seed }: Options, show: (line: string) => void): Promise<ShareReport> {
  const shares = Array.from({ length: WORKERS }, (_, index) => ({ points, full, seed, share: { index, of: WORKERS } }));
  const reports = await Promise.all(shares.map((share) => inWorker(share, show)));
  const sum = (of: (report: ShareReport) => number) => reports.reduce((total, report) => total + of(report), 0);
  return {
    points: sum((each) => each.points),
    torn: sum((each) => each.torn),
    full: sum((each) => each.full),
    failed: sum((each) => each.failed),
    operations: reports[0]?.operations ?? 0,
    places: reports[0]?.places ?? 0,
  };
}

function inWorker(share: Share, print: (line: string) => void): Promise<ShareReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./crash-share.js', import.meta.url), { workerData: share });
    worker.on('message', (message: string | ShareReport) => {
      if (typeof message === 'string') print(message);
      else resolve(message);
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`a worker ended with ${code}`)));
  });
}
