import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collection, schema } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { openStore } from '../open-store.ts';
import { type RunningApp, serveApp } from '../serve/serve-app.ts';
import { backupBeginCommand, backupDoneCommand, newEpochCommand, type UpkeepPlace } from './upkeep-command.ts';

const clinic = schema({
  version: 1,
  collections: { people: collection({ name: z.string() }, { scopes: ['everyone'] }) },
});

let folder: string;
let place: UpkeepPlace;
let said: string[];
const output = { out: { write: (text: string) => said.push(text) }, err: { write: (text: string) => said.push(text) } };

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-upkeep-'));
  place = { schema: clinic, data: join(folder, 'data') };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const epochOf = async () => {
  const store = await openStore(clinic, place.data);
  const { epoch } = store;
  await store.close();
  return epoch;
};

describe('while no server runs', () => {
  test('[SY11] a new epoch begins only when somebody says yes', async () => {
    const before = await epochOf();
    said = [];
    expect(await newEpochCommand(place, output, async () => 'y', false)).toBe(1);
    expect(await newEpochCommand(place, output, null, false)).toBe(1);
    expect(said.join('')).toContain('--yes');
    expect(await epochOf()).toBe(before);
    const questions: string[] = [];
    const yes = async (question: string) => {
      questions.push(question);
      return 'yes';
    };
    expect(await newEpochCommand(place, output, yes, false)).toBe(0);
    expect(questions[0]).toContain('It cannot be taken back');
    const after = await epochOf();
    expect([after > before, said.at(-1)?.includes(after)]).toEqual([true, true]);
  });

  test('[SY11] a backup that was never begun is not done', async () => {
    said = [];
    expect(await backupDoneCommand(place, output)).toBe(1);
    expect(said.join('')).toContain('backup begin');
    expect(await backupBeginCommand(place, output)).toBe(0);
    expect(await backupDoneCommand(place, output)).toBe(0);
  });
});

describe('while a server runs', () => {
  let app: RunningApp;
  beforeAll(async () => {
    app = await serveApp({ ...place, name: 'Clinic', port: 0 });
  });
  afterAll(() => app.close());

  test('[SY11] they go through it', async () => {
    expect(await backupBeginCommand(place, output)).toBe(0);
    expect(await backupDoneCommand(place, output)).toBe(0);
    expect(await newEpochCommand(place, output, null, true)).toBe(0);
    // Of the epoch that has just begun there is no backup yet.
    expect(await backupDoneCommand(place, output)).toBe(1);
  });

  test('[SV5] only with its secret', async () => {
    const stranger = { ...place, url: app.url, secret: 'a guess' };
    await expect(backupBeginCommand(stranger, output)).rejects.toMatchObject({ code: 'NotAuthenticated' });
    await expect(backupBeginCommand({ ...place, url: app.url }, output)).rejects.toMatchObject({
      code: 'InvalidConfig',
    });
  });
});
