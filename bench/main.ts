import { parseArgs } from 'node:util';
import { benchChromium } from './browser/chromium.ts';
import { type Figure, isReached, printFigure } from './lib/figures.ts';
import { benchNodeReopen } from './node/reopen.ts';
import { benchNodeWrite } from './node/write.ts';

const HELP = `Measures what the device costs, each figure beside its raw floor, all in one run.

  npm run bench                  everything
  npm run bench -- --only write  one of: write, reopen, chromium
  npm run bench -- --json        end with one line of JSON

Medians, encrypted. Exits with 1 if a goal was not reached.
`;

const say = (text: string) => void process.stdout.write(`${text}\n`);

const benches: Readonly<Record<string, () => Promise<Figure[]>>> = {
  write: benchNodeWrite,
  reopen: benchNodeReopen,
  chromium: () => benchChromium(say),
};

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

if (values.help) {
  say(HELP);
} else if (values.only !== undefined && !Object.hasOwn(benches, values.only)) {
  say(`there is no bench "${values.only}"\n\n${HELP}`);
  process.exitCode = 2;
} else {
  const figures: Figure[] = [];
  for (const [name, bench] of Object.entries(benches)) {
    if (values.only !== undefined && values.only !== name) continue;
    const measured = await bench();
    for (const figure of measured) say(printFigure(figure));
    figures.push(...measured);
  }
  if (values.json) say(JSON.stringify(figures.map((figure) => ({ ...figure, reached: isReached(figure) }))));
  if (!figures.every(isReached)) process.exitCode = 1;
}
