import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fhirFolder, repository } from './repository.ts';

const HOLDFAST = join(repository, 'packages/cli/bin/holdfast.mjs');

/** Fieldbook's real server, in a process and a data folder of its own. */
export interface FieldbookServer {
  readonly port: number;
  readonly url: string;
  /** A token as the app would get it. */
  token(user: string): Promise<string>;
  stop(): Promise<void>;
}

/** A data folder with the FHIR records loaded by the command that a person would use. */
export async function importedData(): Promise<string> {
  const folder = join(await mkdtemp(join(tmpdir(), 'holdfast-e2e-')), 'data');
  const { code, said } = await run(['import', 'fhir', fhirFolder, '--data', folder]);
  if (code !== 0 || !/Total\s+19,774/.test(said)) throw new Error(`the import ended with ${code}:\n${said}`);
  return folder;
}

async function run(args: readonly string[]): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, [HOLDFAST, ...args], { cwd: repository, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said += chunk.toString();
  });
  const [code] = (await once(child, 'exit')) as [number];
  return { code, said };
}

export async function startServer(data: string): Promise<FieldbookServer> {
  const child = spawn(process.execPath, [HOLDFAST, 'serve', '--data', data, '--port', '0'], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await addressOf(child);
  return {
    url,
    port: Number(new URL(url).port),
    async token(user) {
      const response = await fetch(`${url}/v1/dev/token`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ user }),
      });
      if (!response.ok) throw new Error(`no token for ${user}: ${response.status} ${await response.text()}`);
      return ((await response.json()) as { token: string }).token;
    },
    async stop() {
      if (child.exitCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function addressOf(child: ChildProcess): Promise<string> {
  if (child.stdout === null) throw new Error('the server was started without an output');
  const said: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    said.push(line);
    const url = /ready: (http:\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    child.stdout.resume();
    return url.replace(/\/$/, '');
  }
  throw new Error(`the server did not start:\n${said.join('\n')}`);
}

export async function removeData(folder: string): Promise<void> {
  await rm(join(folder, '..'), { recursive: true, force: true });
}
