import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { nodePlatform } from './node-platform.ts';
import { nodeStoreFolder, shortHash } from './node-store-folder.ts';

const folders: string[] = [];

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true });
});

async function store() {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-platform-'));
  folders.push(folder);
  return { folder, user: 'ada' };
}

describe('locks', () => {
  test('[SY2] one at a time under one name, also over several devices; a failing holder lets go', async () => {
    const options = await store();
    const [a, b] = [nodePlatform(options), nodePlatform(options)];
    const log: string[] = [];
    const hold = (name: string, platform: typeof a) =>
      platform.locks.exclusive('sync', async () => {
        log.push(`${name} in`);
        await new Promise((resolve) => platform.timers.after(2, () => resolve(null)));
        log.push(`${name} out`);
        if (name === 'one') throw new Error('one failed');
      });
    const all = await Promise.allSettled([hold('one', a), hold('two', b), hold('three', a)]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled']);
    expect(log).toEqual(['one in', 'one out', 'two in', 'two out', 'three in', 'three out']);
  });

  test('[SY2] other names do not wait', async () => {
    const { locks } = nodePlatform(await store());
    const inner = await locks.exclusive('a', () => locks.exclusive('b', async () => 'both'));
    expect(inner).toBe('both');
  });

  test('[SY2] another process holds it off, until it is killed', async () => {
    const options = await store();
    const { locks } = nodePlatform(options);
    await locks.exclusive('sync', async () => {});
    const file = join(nodeStoreFolder(options), 'locks', shortHash('sync'));
    const script = `
      const db = new (require('better-sqlite3-multiple-ciphers'))(${JSON.stringify(file)});
      db.exec('BEGIN EXCLUSIVE'); console.log('held'); setInterval(() => db.open, 1000);`;
    const other = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await once(other.stdout, 'data');
    let entered = false;
    const waiting = locks.exclusive('sync', async () => {
      entered = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(entered).toBe(false);
    other.kill('SIGKILL');
    await waiting;
    expect(entered).toBe(true);
  });
});

describe('notices', () => {
  test('[WR3] reach the other devices of the store, never their sender nor another user', async () => {
    const options = await store();
    const boards = [nodePlatform(options), nodePlatform(options), nodePlatform({ ...options, user: 'bob' })];
    const heard: string[] = [];
    const stops = boards.map(({ notices }, i) =>
      notices.listen(({ tables }) => heard.push(`${i} ${Object.keys(tables)}`)),
    );
    boards[0]?.notices.post({ tables: { note: ['1'] } });
    await Promise.resolve();
    expect(heard).toEqual(['1 note']);
    stops[1]?.();
    boards[0]?.notices.post({ tables: { note: null } });
    await Promise.resolve();
    expect(heard).toEqual(['1 note']);
  });
});

describe('random', () => {
  test('[ID1] gives as many bytes as asked and fractions from 0 to 1', async () => {
    const { random } = nodePlatform(await store());
    expect(random.bytes(10)).toHaveLength(10);
    expect(random.bytes(16)).not.toEqual(random.bytes(16));
    const fractions = Array.from({ length: 1000 }, () => random.fraction());
    expect(Math.min(...fractions)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...fractions)).toBeLessThan(1);
    expect(new Set(fractions).size).toBeGreaterThan(990);
  });
});
