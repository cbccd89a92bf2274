import { expect, test } from 'vitest';
import { killProcesses } from './kill-processes.ts';

test('[WR1, WR8, OB8, SY7] a device process killed again and again keeps what it acknowledged, and sends it once', async () => {
  const { problems, acknowledged } = await killProcesses(6, 1);
  expect(problems).toEqual([]);
  expect(acknowledged).toBeGreaterThan(10);
}, 300_000);
