import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './root.mjs';
import { simOptions } from './sim-options.mjs';

test('the simulator runs for as long, as many seeds, or the one seed it is told to', () => {
  expect(simOptions([])).toMatchObject({ minutes: 3, seeds: null, alone: false });
  expect(simOptions(['--minutes', '0.5', '--json'])).toMatchObject({ minutes: 0.5, seeds: null, json: true });
  expect(simOptions(['--seed', '42'])).toMatchObject({ firstSeed: 42, seeds: 1, minutes: null, alone: true });
  expect(simOptions(['--seed', '42', '--seeds', '9'])).toMatchObject({ firstSeed: 42, seeds: 9, alone: false });
  expect(simOptions(['--help'])).toBe(null);
});

test.each([
  [['--seeds', 'many']],
  [['--seeds', '1.5']],
  [['--seed', '']],
  [['--minutes', '-1']],
  [['--bogus']],
  [['5']],
])('%j is refused', (args) => {
  expect(() => simOptions(args)).toThrow();
});

test('a wrong option ends with 2 and help with 0, before anything is built', () => {
  const sim = (...args) => spawnSync(process.execPath, [join(root, 'scripts/sim.mjs'), ...args], { encoding: 'utf8' });
  const wrong = sim('--seeds', 'many');
  expect([wrong.status, wrong.stdout]).toEqual([2, expect.stringContaining('--seeds takes a number')]);
  const help = sim('--help');
  expect([help.status, help.stdout]).toEqual([0, expect.stringContaining('npm run sim')]);
  expect(help.stdout + help.stderr).not.toContain('Building');
});
