import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasCode } from '@holdfast/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { announceServer, claimDataFolder, folderHolder } from './data-folder.ts';

const clock = { now: () => 1_700_000_000_000 };
// No process has a higher id on any system we run on.
const NOBODY = 2 ** 30;
let folder: string;
beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), 'hf-folder-')), 'data');
});
afterEach(() => rm(join(folder, '..'), { recursive: true, force: true }));

const lock = () => join(folder, 'server.lock');
const codeOf = async (work: Promise<unknown>) => {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return ['DataFolderBusy', 'DataFolderReadOnly', 'DataFolderVersion'].find((code) => hasCode(error, code as never));
};

test('[SV7] a folder is made, marked with its version, and taken by one process', async () => {
  const claim = await claimDataFolder(folder, clock);
  expect(JSON.parse(await readFile(join(folder, 'VERSION'), 'utf8'))).toEqual({ format: 1, postgres: 18 });
  expect(await folderHolder(folder)).toEqual({ pid: process.pid, startedAt: clock.now() });
  expect((await stat(lock())).mode & 0o777).toBe(0o600);
  expect(await codeOf(claimDataFolder(folder, clock))).toBe('DataFolderBusy');
  await claim.release();
  expect(await folderHolder(folder)).toBeNull();
  await (await claimDataFolder(folder, clock)).release();
});

test('[SV7] the lock of a process that is gone is taken over, by one alone', async () => {
  await (await claimDataFolder(folder, clock)).release();
  await writeFile(lock(), JSON.stringify({ pid: NOBODY, startedAt: 1 }));
  expect(await folderHolder(folder)).toBeNull();
  const claims = await Promise.allSettled([1, 2, 3].map(() => claimDataFolder(folder, clock)));
  expect(claims.filter((claim) => claim.status === 'fulfilled')).toHaveLength(1);
  expect((await folderHolder(folder))?.pid).toBe(process.pid);
});

test('[SV7] a lock cut short by a crash is taken over', async () => {
  await (await claimDataFolder(folder, clock)).release();
  await writeFile(lock(), '{"pid":');
  await (await claimDataFolder(folder, clock)).release();
});

test('commands find out where the running server is, and nobody else can read its secret', async () => {
  const claim = await claimDataFolder(folder, clock);
  await announceServer(folder, 'http://127.0.0.1:4000', 'secret');
  expect(await folderHolder(folder)).toEqual({
    pid: process.pid,
    startedAt: clock.now(),
    url: 'http://127.0.0.1:4000',
    secret: 'secret',
  });
  expect((await stat(lock())).mode & 0o777).toBe(0o600);
  await claim.release();
  expect(await codeOf(announceServer(folder, 'http://127.0.0.1:4000', 'secret'))).toBe('DataFolderBusy');
});

test('a folder of another version is left alone, and not kept locked', async () => {
  await (await claimDataFolder(folder, clock)).release();
  for (const version of ['{"format":2,"postgres":18}', '{"format":1,"postgres":19}', 'rubbish']) {
    await writeFile(join(folder, 'VERSION'), version);
    expect(await codeOf(claimDataFolder(folder, clock))).toBe('DataFolderVersion');
    expect(await folderHolder(folder)).toBeNull();
  }
});

test('a place that cannot be written is said to be so', async () => {
  const file = join(folder, '..', 'file');
  await writeFile(file, '');
  await chmod(file, 0o400);
  expect(await codeOf(claimDataFolder(join(file, 'data'), clock))).toBe('DataFolderReadOnly');
});

test('[ST1] what is kept is for the user who started it, and nobody else', async () => {
  const claim = await claimDataFolder(folder, clock);
  expect((await stat(claim.database)).mode & 0o777).toBe(0o700);
  await claim.release();
});

test('a lock of our own number that is not ours was left by a predecessor, as in a container', async () => {
  await (await claimDataFolder(folder, clock)).release();
  await writeFile(lock(), JSON.stringify({ pid: process.pid, startedAt: 0 }));
  const claim = await claimDataFolder(folder, clock);
  expect(await codeOf(claimDataFolder(folder, clock))).toBe('DataFolderBusy');
  await claim.release();
});

test('a folder with somebody else’s files is not taken over', async () => {
  await mkdir(folder);
  await writeFile(join(folder, 'thesis.txt'), 'mine');
  expect(await codeOf(claimDataFolder(folder, clock))).toBe('DataFolderVersion');
  expect(await readdir(folder)).toEqual(['thesis.txt']);
});
