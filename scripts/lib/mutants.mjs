import { existsSync } from 'node:fs';
import { runCheck, runTests } from './mutant-checks.mjs';
import { Problem } from './problem.mjs';
import { scratchTree } from './scratch-tree.mjs';

const AT_ONCE = 2;

/**
 * The files with the fault in them, beside what stood there before. Each place must be there, and only once, or
 * the list has rotted.
 */
export async function planted(read, { name, file: own, edits }) {
  const files = new Map();
  for (const [find, put, file = own] of edits) {
    const text = files.get(file)?.before ?? (await read(file));
    const { after } = files.get(file) ?? { after: text };
    const places = after.split(find).length - 1;
    if (places !== 1) throw new Problem(`${name}: "${find}" is found ${places} times in ${file}`);
    if (find === put) throw new Problem(`${name} changes nothing`);
    files.set(file, { before: text, after: after.replace(find, () => put) });
  }
  return files;
}

/**
 * Plants one fault after the other and lets its checks look. Every check that a fault names has to catch
 * it. Gives a report a mutant.
 */
export async function runMutants(mutants, { minutes, say }) {
  const trees = await Promise.all(Array.from({ length: Math.min(AT_ONCE, mutants.length) }, scratchTree));
  try {
    for (const mutant of mutants) await proveWhole(trees[0], mutant);
    await proveSound(trees[0], mutants, minutes, say);
    const reports = [];
    const queue = [...mutants];
    await Promise.all(
      trees.map(async (tree) => {
        for (let mutant = queue.shift(); mutant !== undefined; mutant = queue.shift()) {
          const report = await runOne(tree, mutant, minutes);
          reports.push(report);
          say(line(report));
        }
      }),
    );
    return reports;
  } finally {
    await Promise.all(trees.map((tree) => tree.dispose()));
  }
}

/** Its places and its checks are there. */
async function proveWhole(tree, mutant) {
  await planted(tree.read, mutant);
  const missing = mutant.by.find((check) => check !== 'sim' && !existsSync(tree.path(check)));
  if (missing !== undefined) throw new Problem(`${mutant.name}: there is no test file ${missing}`);
  if (mutant.by.length === 0) throw new Problem(`${mutant.name}: nothing is to catch it`);
}

/** A check that fails without any fault would catch all of them. */
async function proveSound(tree, mutants, minutes, say) {
  const checks = [...new Set(mutants.flatMap(({ by }) => by))];
  const files = checks.filter((check) => check !== 'sim');
  say(`Without a fault first: ${files.length} test files${checks.includes('sim') ? ', and the simulator' : ''}.`);
  if (files.length > 0) {
    const { end, said } = await runTests(tree, files);
    if (end !== 'passed') throw new Problem(`A test fails without a fault: ${said}`);
  }
  if (!checks.includes('sim')) return;
  const { end, said } = await runCheck(tree, 'sim', Math.min(minutes, 0.5));
  if (end !== 'passed') throw new Problem(`The simulator fails without a fault: ${said}`);
}

async function runOne(tree, mutant, minutes) {
  const files = await planted(tree.read, mutant);
  try {
    for (const [file, { after }] of files) await tree.write(file, after);
    // The cheap ones first.
    const checks = [...mutant.by].sort((a, b) => Number(a === 'sim') - Number(b === 'sim'));
    const results = [];
    for (const check of checks) results.push(await runCheck(tree, check, minutes));
    return { mutant, results, caught: results.every(({ end }) => end === 'caught') };
  } finally {
    for (const [file, { before }] of files) await tree.write(file, before);
  }
}

function line({ mutant: { name, stands }, results, caught }) {
  const told = results.map(({ check, end, said, seconds }) => {
    const where = check === 'sim' ? 'sim' : check.split('/').at(-1);
    return `  ${end === 'caught' ? 'caught by' : end === 'passed' ? 'MISSED BY' : 'COULD NOT RUN'} ${where} in ${seconds.toFixed(0)} s: ${said.slice(0, 240)}`;
  });
  return [`${caught ? 'caught ' : 'SURVIVED'} ${name} (${stands})`, ...told].join('\n');
}
