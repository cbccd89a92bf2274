import { chmod, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError, isJsonObject, type Json } from '@holdfast/core';

/**
 * The data folder of a server on PGlite:
 *
 *     VERSION      {"format":1,"postgres":18}: who can open it
 *     server.lock  {"pid":…,"startedAt":…,"url":…,"secret":…}: who has it open, and how to reach them
 *     pglite/      the database
 *
 * PGlite does not notice a second process and would ruin the files, so the lock is taken before it opens.
 */
export interface DataFolder {
  /** Where PGlite keeps its files. */
  readonly database: string;
  release(): Promise<void>;
}

/** What the lock says of its holder. */
export interface FolderHolder {
  readonly pid: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** Where the running server answers, once it does. */
  readonly url?: string;
  /** What a command shows it, to be let in. */
  readonly secret?: string;
}

const FORMAT = { format: 1, postgres: 18 };
const LOCK = 'server.lock';
const VERSION = 'VERSION';

/**
 * Takes the folder for this process, and makes it where it is missing. A lock whose process is gone is
 * taken over.
 *
 * @throws HoldfastError `DataFolderBusy`, `DataFolderReadOnly`, `DataFolderVersion`
 */
export async function claimDataFolder(folder: string, clock: { now(): number }): Promise<DataFolder> {
  try {
    await mkdir(folder, { recursive: true });
    await takeLock(folder, { pid: process.pid, startedAt: clock.now() });
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw new HoldfastError('DataFolderReadOnly', folder, { cause: error });
  }
  const release = () => rm(join(folder, LOCK), { force: true });
  try {
    await checkVersion(folder);
  } catch (error) {
    await release();
    throw error;
  }
  return { database: join(folder, 'pglite'), release };
}

/** Who has the folder open; null when nobody has. */
export async function folderHolder(folder: string): Promise<FolderHolder | null> {
  const holder = await readHolder(folder);
  return holder !== null && isAlive(holder.pid) ? holder : null;
}

/** Tells commands how to reach the server that has the folder. Only its holder may call this. */
export async function announceServer(folder: string, url: string, secret: string): Promise<void> {
  const holder = await readHolder(folder);
  if (holder?.pid !== process.pid) throw new HoldfastError('DataFolderBusy', folder);
  // Replaced in one step: who reads it finds the old text or the new.
  const next = join(folder, `${LOCK}.${process.pid}`);
  await writeFile(next, JSON.stringify({ ...holder, url, secret }), { mode: 0o600 });
  await chmod(next, 0o600);
  await rename(next, join(folder, LOCK));
}

async function takeLock(folder: string, holder: FolderHolder): Promise<void> {
  const path = join(folder, LOCK);
  for (let tried = 0; ; tried += 1) {
    try {
      const file = await open(path, 'wx', 0o600);
      await file.writeFile(JSON.stringify(holder));
      await file.close();
      return;
    } catch (error) {
      if (!hasErrno(error, 'EEXIST')) throw error;
    }
    const other = await folderHolder(folder);
    if (other !== null || tried === 3) {
      throw new HoldfastError('DataFolderBusy', other === null ? folder : `${folder}, process ${other.pid}`);
    }
    await removeStale(path);
  }
}

/** Of two processes that find the same stale lock, only one moves it away; the other tries again. */
async function removeStale(path: string): Promise<void> {
  const aside = `${path}.stale-${process.pid}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return;
    throw error;
  }
  await rm(aside, { force: true });
}

async function readHolder(folder: string): Promise<FolderHolder | null> {
  const said = await readJson(join(folder, LOCK));
  if (!isJsonObject(said) || typeof said['pid'] !== 'number') return null;
  const { pid, startedAt, url, secret } = said;
  return {
    pid,
    startedAt: typeof startedAt === 'number' ? startedAt : 0,
    ...(typeof url === 'string' ? { url } : {}),
    ...(typeof secret === 'string' ? { secret } : {}),
  };
}

async function checkVersion(folder: string): Promise<void> {
  const path = join(folder, VERSION);
  const found = await readJson(path);
  if (found === undefined) {
    await writeFile(path, JSON.stringify(FORMAT));
    return;
  }
  const same = isJsonObject(found) && found['format'] === FORMAT.format && found['postgres'] === FORMAT.postgres;
  if (!same) throw new HoldfastError('DataFolderVersion', `${folder} says ${JSON.stringify(found)}`);
}

/** The JSON in a file; undefined where there is no file, null where it is not JSON. */
async function readJson(path: string): Promise<Json | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (hasErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as Json;
  } catch {
    return null;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It is there, but not ours to signal.
    return hasErrno(error, 'EPERM');
  }
}

function hasErrno(error: unknown, code: string): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === code;
}
