/** `npm run check`: everything but the tests. `--only types,lint` runs a part. */
import { checks } from './lib/checks.mjs';
import { ensureInstalled } from './lib/ensure-installed.mjs';
import { Problem, runScript, step } from './lib/problem.mjs';

await runScript(async (args) => {
  const names = chosen(args);
  await ensureInstalled({ native: false });
  let failed = 0;
  for (const name of names) {
    const wrong = await checks[name]();
    if (wrong !== '') {
      failed += 1;
      step(wrong);
    }
    step(`${name} ${wrong === '' ? 'ok' : 'failed'}`);
  }
  return failed > 0 ? 1 : 0;
});

function chosen(args) {
  const all = Object.keys(checks);
  const at = args.findIndex((arg) => arg === '--only' || arg.startsWith('--only='));
  if (at < 0) return all;
  const names = (args[at].includes('=') ? args[at].split('=')[1] : (args[at + 1] ?? '')).split(',');
  const unknown = names.filter((name) => !all.includes(name));
  if (unknown.length > 0)
    throw new Problem(`There is no check "${unknown.join('", "')}": choose from ${all.join(', ')}.`);
  return names;
}
