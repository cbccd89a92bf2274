/** How many checks passed and failed, counted from what the runners report. */

/** The last line of a run, for people and machines: `12 passed, 0 failed`. */
export function tallyLine({ passed, failed }) {
  return `${passed} passed, ${failed} failed`;
}

/**
 * Counts Vitest's JSON report. A file that could not be loaded is one failure, and a test that did not
 * run is one too, unless the caller chose which to run: what is left out silently is not green.
 */
export function tallyVitest(report, { exitCode, chosen = false }) {
  if (report === null) return { passed: 0, failed: 1, notes: ['The test runner ended without a report.'] };
  const tests = report.testResults.flatMap((file) => file.assertionResults);
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
  );
  const left = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
  const passed = tests.filter((test) => test.status === 'passed').length;
  let failed = tests.filter((test) => test.status === 'failed').length + broken.length + (chosen ? 0 : left.length);
  const notes = [
    ...broken.map((file) => `Could not run: ${file.name}`),
    ...(chosen ? [] : left.map((test) => `Did not run: ${test.fullName}`)),
  ];
  if (exitCode !== 0 && failed === 0) {
    failed = 1;
    notes.push('The test runner failed outside of any test; what it said stands above.');
  }
  return { passed, failed, notes };
}

export function addTallies(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed };
}
