import { expect, test } from 'vitest';
import { killPages } from './kill-pages.ts';

test('[WR1, ST4] a worker, its page, its process and the browser are killed while it writes: what it acknowledged is there, whole', async () => {
  const { problems, acknowledged } = await killPages(12, 3);
  expect(problems).toEqual([]);
  expect(acknowledged).toBeGreaterThan(10);
}, 300_000);
