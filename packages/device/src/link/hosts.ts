import type { Clock, Random } from '../ports/platform.ts';
import { afterFailure, chooseHost, HEALTHY, type HostHealth, hostToProbe } from './host-health.ts';

/** How a request went at one address. */
export interface Attempt<T> {
  readonly value: T;
  /** The address is to blame: it does not answer, or with a fault of its own. */
  readonly failed: boolean;
}

/** The addresses of one server, with their health (NW3). */
export interface Hosts {
  /**
   * Asks at a healthy address and, where that fails, at the next. Gives all that was answered, the last
   * one last: nothing where no address was even there.
   */
  ask<T>(work: (base: string) => Promise<Attempt<T>>, signal: AbortSignal): Promise<readonly T[]>;
  /** The address in use; null while none is healthy. */
  healthy(): string | null;
}

export interface HostsDeps {
  readonly urls: readonly string[];
  readonly clock: Pick<Clock, 'monotonic'>;
  readonly random: Pick<Random, 'fraction'>;
  readonly probe: (base: string) => Promise<boolean>;
}

/** Performs what `host-health.ts` decides. Each tab has its own view of health; what it costs is a probe. */
export function createHosts({ urls, clock, random, probe }: HostsDeps): Hosts {
  const health: HostHealth[] = urls.map(() => HEALTHY);
  const probing = new Map<number, Promise<boolean>>();
  const base = (host: number) => urls[host] ?? '';
  const note = (host: number, failed: boolean) => {
    const before = health[host] ?? HEALTHY;
    health[host] = failed ? afterFailure(before, clock.monotonic(), random.fraction()) : HEALTHY;
  };

  /** One at a time for an address, whoever asks. */
  const isThere = (host: number): Promise<boolean> => {
    const running =
      probing.get(host) ??
      probe(base(host)).then((there) => {
        probing.delete(host);
        note(host, !there);
        return there;
      });
    probing.set(host, running);
    return running;
  };

  return {
    async ask(work, signal) {
      const tried = new Set<number>();
      const values: Awaited<ReturnType<typeof work>>['value'][] = [];
      for (;;) {
        const choice = chooseHost(health, tried, clock.monotonic());
        if (choice === null || signal.aborted) return values;
        tried.add(choice.host);
        if (choice.probeFirst && !(await isThere(choice.host))) continue;
        const better = hostToProbe(health, choice.host, clock.monotonic());
        if (better !== null) void isThere(better);
        const { value, failed } = await work(base(choice.host));
        values.push(value);
        // Who hangs up says nothing about the other side.
        if (signal.aborted) return values;
        note(choice.host, failed);
        if (!failed) return values;
      }
    },
    healthy() {
      const choice = chooseHost(health, new Set(), clock.monotonic());
      return choice === null || choice.probeFirst ? null : base(choice.host);
    },
  };
}
