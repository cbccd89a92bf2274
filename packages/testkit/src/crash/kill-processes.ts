import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DeviceId, MutationId } from '@holdfast/core';
import { createHandler, jwtAuth, memoryStore, type ServerStore, serve } from '@holdfast/server';
import { bundleProgram } from '../process/start-process.ts';
import { createChance } from '../sim/chance.ts';
import { crashCommands, crashSchemas } from './crash-schema.ts';

/** What a device says of its store when it has opened it. */
export interface DeviceFound {
  readonly differences: readonly string[];
  /** The mutations in its outbox. */
  readonly waiting: readonly string[];
}

/** What a loop of kills came to. */
export interface KillReport {
  readonly kills: number;
  /** Writes that were acknowledged, over all lives. */
  readonly acknowledged: number;
  readonly problems: readonly string[];
}

const MOST_WRITES = 12;
const LONGEST_AFTER_MS = 30;

/**
 * A device in a process of its own, on an encrypted folder, that writes and syncs with a server over HTTP,
 * and is killed (-9) at some moment, again and again. What it acknowledged must be there, and the server
 * must have it in the end, once.
 */
export async function killProcesses(kills: number, seed: number): Promise<KillReport> {
  const chance = createChance(seed);
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-kills-'));
  const program = await bundleProgram(join(sourceFolder(), 'process', 'device-writer.ts'));
  const server = await startServer();
  const acknowledged = new Set<string>();
  const problems: string[] = [];
  const look = async (line: string, when: string) => {
    const { differences, waiting } = JSON.parse(line.slice('found '.length)) as DeviceFound;
    for (const difference of differences) problems.push(`${when}: [SY5] ${difference}`);
    const here = new Set(waiting);
    const elsewhere = await server.answered([...acknowledged].filter((id) => !here.has(id)));
    for (const id of acknowledged)
      if (!here.has(id) && !elsewhere.has(id)) problems.push(`${when}: [WR1] ${id} is lost`);
  };
  try {
    for (let kill = 0; kill < kills; kill += 1) {
      const device = program.start(folder, server.url, server.token, String(seed + kill));
      const kept = () => device.lines.filter((line) => line.startsWith('kept '));
      await look(await device.line('found '), `before kill ${kill}`);
      const writes = chance.below(MOST_WRITES);
      await device.atLeast('kept ', writes);
      await pause(chance.below(LONGEST_AFTER_MS));
      await device.kill();
      for (const line of kept())
        for (const id of JSON.parse(line.slice('kept '.length)) as string[]) acknowledged.add(id);
    }
    const device = program.start(folder, server.url, server.token, '0', 'home');
    await look(await device.line('found '), 'after the last kill');
    const home = JSON.parse((await device.line('home ')).slice('home '.length)) as Home;
    problems.push(...(await server.disagreements(home)));
    const missing = await server.answered([...acknowledged]);
    for (const id of acknowledged) if (!missing.has(id)) problems.push(`[WR8] the server has never heard of ${id}`);
  } finally {
    await program.dispose();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return { kills, acknowledged: acknowledged.size, problems };
}

interface Home {
  readonly people: number;
  readonly visits: number;
  readonly differences: number;
  readonly faults: readonly string[];
}

async function startServer() {
  const schema = crashSchemas.first;
  const clock = { now: () => Date.now() };
  const store: ServerStore = memoryStore({ schema, clock, random: { bytes: (length) => randomBytes(length) } });
  const auth = jwtAuth({ secret: randomBytes(32).toString('hex'), clock, tokenSeconds: 86_400 });
  const handler = createHandler({ store, schema, auth, clock, commands: crashCommands });
  const running = await serve({ handler, port: 0 });
  const token = await auth.sign?.({ user: 'ada', role: null, scopes: ['mentor:m1'] });
  if (token === undefined) throw new Error('the server signs no tokens');
  return {
    url: running.url,
    token,
    /** Which of these the server has an outcome of. */
    async answered(ids: readonly string[]): Promise<ReadonlySet<string>> {
      const device = '' as DeviceId;
      const request = { device, ids: ids as readonly MutationId[], records: [], parents: [] };
      const { applied } = await store.transaction((tx) => tx.load(request));
      return new Set(applied.keys());
    },
    /** Nothing doubled: it has as many records as the device shows. */
    async disagreements(home: Home): Promise<string[]> {
      const { people = 0, visits = 0 } = await store.counts();
      const same = people === home.people && visits === home.visits && home.differences === 0;
      const problems = same
        ? []
        : [`the server has ${people} people and ${visits} visits, the device ${JSON.stringify(home)}`];
      return [...problems, ...home.faults.map((fault) => `a fault while syncing: ${fault}`)];
    },
    async stop() {
      handler.close();
      await running.stop();
    },
  };
}

/** Programs are bundled from the sources, also where this runs from `dist`. */
function sourceFolder(): string {
  const here = dirname(dirname(fileURLToPath(import.meta.url)));
  return here.replace(/([\\/])dist$/, '$1src');
}

function pause(ms: number): Promise<void> {
  return new Promise((resume) => setTimeout(resume, ms));
}
