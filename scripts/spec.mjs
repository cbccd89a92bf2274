/** `npm run spec`: which rules of docs/SPEC.md no test cites yet. A test that cites no rule there is fails it. */
import { readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { sourceFiles } from './lib/fingerprint.mjs';
import { runScript, step } from './lib/problem.mjs';
import { root } from './lib/root.mjs';
import { compareRules, rulesIn } from './lib/spec-rules.mjs';

const isCiting = (file) => /\.test\.tsx?$/.test(file) || /[/\\]testkit[/\\]src[/\\]contracts[/\\]/.test(file);

await runScript(async () => {
  const rules = rulesIn(await readFile(join(root, 'docs/SPEC.md'), 'utf8'));
  const files = [];
  for (const file of (await sourceFiles(['packages', 'apps'])).filter(isCiting)) {
    files.push({ file: relative(root, file), source: await readFile(file, 'utf8') });
  }
  const { cited, uncited, unknown } = compareRules(rules, files);
  for (const rule of uncited) step(`${rule} is cited by no test`);
  for (const { rule, file, line } of unknown) step(`${file}:${line} cites ${rule}, which is no rule`);
  step(`${cited.length} of ${rules.length} rules cited`);
  return unknown.length > 0 ? 1 : 0;
});
