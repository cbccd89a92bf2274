import fc from 'fast-check';
import { expect, test } from 'vitest';
import { afterFailure, chooseHost, HEALTHY, type HostHealth, hostToProbe } from './host-health.ts';

const NOBODY: ReadonlySet<number> = new Set();
const open = (until: number): HostHealth => ({ failures: 2, openings: 1, openUntil: until });

test('[NW3] one failure opens nothing; repeated ones do, for ever longer, at most five minutes', () => {
  let host = afterFailure(HEALTHY, 100, 0.5);
  expect(host).toEqual({ failures: 1, openings: 0, openUntil: null });
  let longest = 0;
  for (let count = 0; count < 20; count += 1) {
    host = afterFailure(host, 1_000, 0.999);
    const ms = (host.openUntil ?? 0) - 1_000;
    expect(ms).toBeGreaterThanOrEqual(Math.min(longest, 299_000));
    expect(ms).toBeGreaterThanOrEqual(5_000);
    expect(ms).toBeLessThanOrEqual(300_000);
    longest = ms;
  }
  expect(longest).toBeGreaterThan(290_000);
});

test('[NW3] a probe that fails keeps the breaker open', () => {
  const again = afterFailure(open(50), 60, 0);
  expect(again.openUntil).toBeGreaterThan(60);
});

test('[NW3] the first healthy address serves', () => {
  expect(chooseHost([HEALTHY, HEALTHY], NOBODY, 0)).toEqual({ host: 0, probeFirst: false });
  expect(chooseHost([open(10), HEALTHY], NOBODY, 0)).toEqual({ host: 1, probeFirst: false });
  // Due or not: while another one serves, nobody waits for it.
  expect(chooseHost([open(10), HEALTHY], NOBODY, 20)).toEqual({ host: 1, probeFirst: false });
  expect(chooseHost([HEALTHY, HEALTHY], new Set([0]), 0)).toEqual({ host: 1, probeFirst: false });
});

test('[NW2, NW3] where none is healthy a probe decides: at once for the first try, else only of what is due', () => {
  expect(chooseHost([open(10)], NOBODY, 0)).toEqual({ host: 0, probeFirst: true });
  expect(chooseHost([open(10), open(5)], NOBODY, 0)).toEqual({ host: 1, probeFirst: true });
  expect(chooseHost([open(10), open(5)], new Set([1]), 0)).toBeNull();
  expect(chooseHost([open(10), open(5)], new Set([1]), 10)).toEqual({ host: 0, probeFirst: true });
  expect(chooseHost([HEALTHY], new Set([0]), 0)).toBeNull();
});

test('[NW3] an earlier address that is due is probed while a later one serves, and no other', () => {
  expect(hostToProbe([open(10), HEALTHY], 1, 9)).toBeNull();
  expect(hostToProbe([open(10), HEALTHY], 1, 10)).toBe(0);
  expect(hostToProbe([HEALTHY, open(10)], 0, 20)).toBeNull();
});

test('[NW3] every address that is tried is one that was not, and all are tried before giving up while healthy', () => {
  const health = fc.oneof(fc.constant(HEALTHY), fc.nat(100).map(open));
  fc.assert(
    fc.property(fc.array(health, { minLength: 1, maxLength: 5 }), fc.nat(100), (hosts, now) => {
      const tried = new Set<number>();
      for (let choice = chooseHost(hosts, tried, now); choice !== null; choice = chooseHost(hosts, tried, now)) {
        expect(tried.has(choice.host)).toBe(false);
        tried.add(choice.host);
      }
      expect(tried.size).toBeGreaterThan(0);
      for (const [host, each] of hosts.entries()) if (each.openUntil === null) expect(tried.has(host)).toBe(true);
    }),
  );
});
