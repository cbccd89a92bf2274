import type { Schema } from '@holdfast/core';
import { type Device, type OutboxEntry, type StorageDriver, verify } from '@holdfast/device';
import { disagreements } from './compare-with-server.ts';
import { type CrashLink, openCrashDevice, passTime, syncFor } from './crash-device.ts';
import type { CrashPoint } from './crash-image.ts';
import type { CrashSchema } from './crash-schema.ts';
import { type ServerStep, USER } from './crash-world.ts';
import type { MountedStore } from './disk-store.ts';
import type { Recording } from './record-operation.ts';
import { createServerSide, type ServerSide } from './server-side.ts';

const REBOOT_MS = 60_000;
const LONGEST_BACKOFF_MS = 3_600_000;

/** After the crash the engine opens, shows what it should, and brings everything home, once. */
export async function checkGoesOn(
  store: MountedStore,
  recording: Recording,
  point: CrashPoint,
  steps: readonly ServerStep[],
  seed: number,
): Promise<string[]> {
  const side = await serverAfter(recording.serverSchema, steps);
  const problems: string[] = [];
  const { time } = side;
  await passTime(time, recording.endedAt - time.now() + REBOOT_MS);
  const storage = await store.open({ after: time.after });
  const link: CrashLink = { up: false, loseAnswers: 0, send: (user, body) => side.exchange(user, body) };
  const onFault = (error: unknown) => problems.push(`a fault while syncing: ${String(error)}`);
  const device = await openCrashDevice({
    user: USER,
    schema: recording.schema,
    time,
    link,
    storage,
    seed: 10_000 + seed,
    onFault,
    assigns: recording.assigns,
  });
  const acknowledged = recording.acknowledged
    .filter(({ logged }) => logged <= point.index)
    .flatMap(({ mutations }) => mutations)
    .filter((id) => !recording.givenUp.has(id));
  const { schema, assigns } = recording;
  const living = { device, storage, schema, side, acknowledged, assigns };
  problems.push(...(await brokenNow(living)));
  link.up = true;
  problems.push(...(await brokenAtHome(living)));
  await device.close();
  return problems;
}

/** A device that runs, and what it must not have lost. */
export interface Living {
  readonly device: Device<CrashSchema>;
  readonly storage: StorageDriver;
  readonly schema: Schema;
  readonly side: ServerSide;
  readonly acknowledged: readonly string[];
  readonly assigns: boolean;
}

/** What must hold at any instant. */
async function brokenNow({ storage, schema, acknowledged, side }: Living): Promise<string[]> {
  return [...(await differences(storage, schema)), ...(await lost(storage, acknowledged, side))];
}

/** Writes once more and syncs to the end: what must hold then. */
export async function brokenAtHome(living: Living): Promise<string[]> {
  const { device, side, acknowledged } = living;
  const { time } = side;
  await syncFor(device, time, 10_000);
  const after = { name: 'after', phone: null, mentor: 'm1', note: '' };
  const { mutations } = await device.write((tx) => tx.people.create(after));
  await syncFor(device, time, 10_000);
  if ((await undelivered(device)).length > 0) {
    await passTime(time, LONGEST_BACKOFF_MS);
    await syncFor(device, time, 10_000);
  }
  return [
    ...(await brokenNow({ ...living, acknowledged: [...acknowledged, ...mutations] })),
    ...(await undelivered(device)),
    ...(await disagreements(living)),
    ...side.violations,
  ];
}

/** The server as it was then, made again by what had happened to it. */
async function serverAfter(schema: Schema, steps: readonly ServerStep[]): Promise<ServerSide> {
  const side = createServerSide(schema);
  for (const step of steps) {
    await passTime(side.time, step.at - side.time.now());
    await step.does(side);
  }
  return side;
}

async function differences(storage: StorageDriver, schema: Schema): Promise<string[]> {
  const found = await storage.read((tx) => verify(tx, schema));
  return found.map((each) => `[SY5] ${each.collection}/${each.record}: ${each.problem}`);
}

/** WR8: what was acknowledged is in the outbox, or was released by an answer. */
async function lost(storage: StorageDriver, acknowledged: readonly string[], side: ServerSide): Promise<string[]> {
  const rows = await storage.read((tx) => tx.all('SELECT id FROM hf_outbox UNION SELECT id FROM hf_sent'));
  const here = new Set(rows.map((row) => row.id));
  return acknowledged
    .filter((id) => !here.has(id) && !side.answers.has(id as never))
    .map((id) => `[WR8] ${id} is lost`);
}

/** All that is left waits for a person: itself, or what stands for it. */
async function undelivered(device: Device<CrashSchema>): Promise<string[]> {
  const entries = await device.outbox.list();
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const waits = ({ state }: OutboxEntry): boolean => {
    if (state.at !== 'resolving') return ['conflicted', 'refused', 'blocked'].includes(state.at);
    const standIn = state.by === null ? undefined : byId.get(state.by);
    return standIn !== undefined && waits(standIn);
  };
  return entries
    .filter((entry) => !waits(entry))
    .map(({ kind, collection, record, state }) => `[OB5] ${kind} of ${collection}/${record} is still ${state.at}`);
}
