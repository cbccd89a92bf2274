import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Holds a process and all it starts to a part of one core. */
export interface CoreShare {
  /** Puts a process in, with the ones it has started. */
  add(pid: number): Promise<void>;
  end(): Promise<void>;
}

const PERIOD_US = 100_000;
const ROOT = '/sys/fs/cgroup';

/** By a control group of the kernel, version 2 or 1; null where this process may not make one. */
export async function shareOfCore(part: number): Promise<CoreShare | null> {
  const unified = existsSync(join(ROOT, 'cgroup.controllers'));
  const group = join(ROOT, unified ? '' : 'cpu', `holdfast-bench-${process.pid}`);
  try {
    await mkdir(group);
    if (unified) await writeFile(join(group, 'cpu.max'), `${PERIOD_US * part} ${PERIOD_US}`);
    else {
      await writeFile(join(group, 'cpu.cfs_period_us'), String(PERIOD_US));
      await writeFile(join(group, 'cpu.cfs_quota_us'), String(PERIOD_US * part));
    }
  } catch {
    return null;
  }
  return {
    async add(pid) {
      for (const each of await withDescendants(pid)) await writeFile(join(group, 'cgroup.procs'), String(each));
    },
    async end() {
      // Processes that are still ending keep the group for a moment.
      for (let tries = 0; tries < 50; tries += 1) {
        try {
          await rmdir(group);
          return;
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
      }
    },
  };
}

async function withDescendants(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => null);
    const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const found = [pid];
  for (const each of found) for (const [child, parent] of parents) if (parent === each) found.push(child);
  return found;
}
