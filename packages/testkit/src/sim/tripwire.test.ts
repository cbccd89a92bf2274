import { expect, test } from 'vitest';
import { runHistory } from './run-history.ts';
import { setTripwire } from './tripwire.ts';

/** Code of nobody's: it comes from no file of ours. */
async function planted(body: string): Promise<() => unknown> {
  const text = `import * as all from 'node:crypto'; import * as files from 'node:fs'; export default () => ${body}`;
  const module = (await import(/* @vite-ignore */ `data:text/javascript,${encodeURIComponent(text)}`)) as {
    default: () => unknown;
  };
  return module.default;
}

const reaches = [
  'Date.now()',
  'new Date()',
  'Date()',
  'Math.random()',
  'performance.now()',
  'crypto.getRandomValues(new Uint8Array(1))',
  'crypto.randomUUID()',
  'setTimeout(() => {}, 0)',
  'setInterval(() => {}, 1)',
  'setImmediate(() => {})',
  'fetch("http://127.0.0.1:9")',
  'all.randomBytes(4)',
  'files.readFileSync("/etc/hostname")',
];

test.each(reaches)('a planted %s is caught in a simulated world, and noted', async (body) => {
  const reach = await planted(body);
  const wire = setTripwire();
  try {
    expect(reach).toThrow('out of bounds');
    expect(wire.trips()).toEqual([expect.stringContaining('[tripwire]')]);
  } finally {
    wire.remove();
  }
});

test('what asks nothing of the clock is let through, and afterwards everything is as it was', async () => {
  const wire = setTripwire();
  const [parse, now] = [await planted('new Date("2026-01-01").getTime()'), await planted('Date.now()')];
  expect(parse()).toBe(Date.UTC(2026, 0, 1));
  wire.remove();
  expect(now()).toBeGreaterThan(0);
  expect(new Date() instanceof Date).toBe(true);
});

test('a history stands under the tripwire, and a trip is a broken promise', async () => {
  const reach = await planted('Date.now()');
  const history = await runHistory(3, 5, () => {
    try {
      reach();
    } catch {
      // Swallowed, as code may: it shows all the same.
    }
  });
  expect(history.violations).toEqual([expect.stringContaining('[tripwire] Date.now')]);
});
