import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { OutboxEntry, Status } from '@holdfast/device';
import { build } from 'esbuild';
import { repository } from './repository.ts';

export interface PatientLine {
  readonly id: string;
  readonly name: string;
  readonly phone: string | null;
}

/** A Fieldbook device in a process of its own. */
export interface NodeDevice {
  sync(): Promise<Status>;
  outbox(): Promise<readonly OutboxEntry[]>;
  patients(): Promise<readonly PatientLine[]>;
  encounters(): Promise<readonly { id: string; patientId: string; reason: string | null }[]>;
  work(edit: string, phone: string): Promise<{ patient: string; encounter: string }>;
  /** kill -9 */
  kill(): Promise<void>;
  close(): Promise<void>;
}

/** The device's program, bundled once: its packages are loaded as they were built. */
async function program(): Promise<string> {
  const folder = join(repository, 'node_modules/.cache/holdfast/e2e');
  await mkdir(folder, { recursive: true });
  const outfile = join(folder, `device-process-${process.pid}.mjs`);
  await build({
    entryPoints: [join(repository, 'apps/fieldbook/e2e/lib/device-process.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
  return outfile;
}

export async function startDevice(options: {
  readonly folder: string;
  readonly user: string;
  readonly url: string;
  readonly token: string;
}): Promise<NodeDevice> {
  const child = spawn(process.execPath, [await program(), JSON.stringify(options)], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  const lines = createInterface({ input: child.stdout });
  const answers = answersOf(lines);
  await answers.next();
  const ask = async <T>(command: { do: string; edit?: string; phone?: string }): Promise<T> => {
    child.stdin.write(`${JSON.stringify(command)}\n`);
    const answer = await answers.next();
    if ('error' in answer) throw new Error(`the device answered: ${String(answer.error)}`);
    return answer.value as T;
  };
  return {
    sync: () => ask({ do: 'sync' }),
    outbox: () => ask({ do: 'outbox' }),
    patients: () => ask({ do: 'patients' }),
    encounters: () => ask({ do: 'encounters' }),
    work: (edit, phone) => ask({ do: 'work', edit, phone }),
    kill: () => end(child, 'SIGKILL'),
    async close() {
      await ask({ do: 'close' });
      await end(child, 'SIGTERM');
    },
  };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

type Answer = { readonly value?: unknown } | { readonly error: unknown };

function answersOf(lines: Interface): { next(): Promise<Answer> } {
  const iterator = lines[Symbol.asyncIterator]();
  return {
    async next() {
      const { done, value } = await iterator.next();
      if (done) throw new Error('the device ended');
      return JSON.parse(value) as Answer;
    },
  };
}
