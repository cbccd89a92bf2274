import { expect, test } from 'vitest';
import { addTallies, tallyLine, tallyVitest } from './tally.mjs';

const file = (name, ...statuses) => ({
  name,
  status: statuses.includes('failed') ? 'failed' : 'passed',
  assertionResults: statuses.map((status, index) => ({ status, fullName: `${name} ${index}` })),
});

test('tests are counted one by one', () => {
  const report = { testResults: [file('a', 'passed', 'passed'), file('b', 'failed', 'passed')] };
  expect(tallyVitest(report, { exitCode: 1 })).toMatchObject({ passed: 3, failed: 1 });
});

test('a file that cannot be loaded, a runner that dies and one that says nothing are failures', () => {
  const unloadable = { ...file('a'), status: 'failed' };
  expect(tallyVitest({ testResults: [unloadable] }, { exitCode: 1 })).toMatchObject({ passed: 0, failed: 1 });
  expect(tallyVitest({ testResults: [file('a', 'passed')] }, { exitCode: 1 })).toMatchObject({ passed: 1, failed: 1 });
  expect(tallyVitest(null, { exitCode: 0 })).toMatchObject({ passed: 0, failed: 1 });
});

test('a test that did not run is named and counts as failed, unless tests were chosen', () => {
  const report = { testResults: [file('a', 'passed', 'skipped', 'todo')] };
  const whole = tallyVitest(report, { exitCode: 0 });
  expect(whole).toEqual({ passed: 1, failed: 2, notes: ['Did not run: a 1', 'Did not run: a 2'] });
  expect(tallyVitest(report, { exitCode: 0, chosen: true })).toEqual({ passed: 1, failed: 0, notes: [] });
});

test('counts are added, and said in one line', () => {
  expect(addTallies({ passed: 12, failed: 1 }, { passed: 3, failed: 0 })).toEqual({ passed: 15, failed: 1 });
  expect(tallyLine({ passed: 12, failed: 1 })).toBe('12 passed, 1 failed');
});
