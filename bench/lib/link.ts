import type { Wire } from '@holdfast/testkit/browser';
import { type BenchProcess, startProcess } from './calls.ts';
import type { LinkCalls } from './link-process.ts';

export interface LinkOptions {
  readonly rttMs: number;
  /** Kilobit a second each way; null for no limit. */
  readonly kbit: number | null;
}

/** What went over the link since it was last asked. */
export interface Traffic {
  readonly up: number;
  readonly down: number;
  readonly requests: number;
  /** Such as `4 POST /v1/exchange`. */
  readonly paths: string;
}

/** The line between a bench's devices and its server: it delays, narrows, counts and breaks. */
export interface Link {
  readonly url: string;
  cut(): Promise<void>;
  heal(): Promise<void>;
  traffic(): Promise<Traffic>;
  end(): Promise<void>;
}

export async function openLink(port: number, { rttMs, kbit }: LinkOptions): Promise<Link> {
  const { call, end }: BenchProcess<LinkCalls> = await startProcess('bench/lib/link-process.ts');
  const url = await call.open({ port, rttMs, ...(kbit !== null && { kbit }) });
  let before: Wire = { up: 0, down: 0, requests: {} };
  return {
    url,
    cut: () => call.cut(),
    heal: () => call.heal(),
    async traffic() {
      const now = await call.wire();
      const counts = Object.entries(now.requests).flatMap(([path, count]): [string, number][] => {
        const more = count - (before.requests[path] ?? 0);
        return more === 0 ? [] : [[path, more]];
      });
      const traffic = {
        up: now.up - before.up,
        down: now.down - before.down,
        requests: counts.reduce((sum, [, count]) => sum + count, 0),
        paths: counts.map(([path, count]) => `${count} ${path}`).join(', '),
      };
      before = now;
      return traffic;
    },
    end,
  };
}
