/** `npm run mutants`: plants faults, one at a time, and sees that each is caught; `--help` says how. */
import { parseArgs } from 'node:util';
import { mutants } from '../mutants/index.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { runMutants } from './lib/mutants.mjs';
import { Problem, runScript } from './lib/problem.mjs';

const HELP = `Plants one fault at a time in a copy of the sources and runs the checks that have to catch it.

  npm run mutants                        all of them
  npm run mutants -- --only name,name    these
  npm run mutants -- --minutes 2         gives the simulator so long for each (default 5)
  npm run mutants -- --with-sim          lets the simulator look at all of them, also those only tests are to catch
  --json                                 end with one line of JSON before the last

Exits with 1 if a fault was not caught, or if its place in the code is not found.
`;

await runScript(async (args) => {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      minutes: { type: 'string', default: '5' },
      'with-sim': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const minutes = Number(values.minutes);
  if (!(minutes > 0)) throw new Problem(`--minutes takes a number above 0, not "${values.minutes}"`);
  const chosen = choose(values.only).map((mutant) =>
    values['with-sim'] ? { ...mutant, by: [...new Set([...mutant.by, 'sim'])] } : mutant,
  );
  await ensureInstalled({ native: true });
  const reports = await runMutants(chosen, { minutes, say: (text) => process.stdout.write(`${text}\n`) });
  const caught = reports.filter((report) => report.caught).length;
  if (values.json) {
    const plain = reports.map(({ mutant: { name, stands }, results, caught }) => ({ name, stands, caught, results }));
    process.stdout.write(`${JSON.stringify(plain)}\n`);
  }
  process.stdout.write(`caught ${caught} of ${chosen.length}\n`);
  return caught === chosen.length ? 0 : 1;
});

function choose(only) {
  if (only === undefined) return mutants;
  return only.split(',').map((name) => {
    const found = mutants.find((mutant) => mutant.name === name);
    if (found === undefined) throw new Problem(`There is no mutant "${name}".`);
    return found;
  });
}
