import { createHash, randomUUID } from 'node:crypto';
import { chmod, link, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
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
    await refuseForeign(folder);
    // PGlite makes its files for everybody to read and write: only the folder keeps others out.
    const database = join(folder, 'pglite');
    await mkdir(database, { recursive: true });
    await chmod(database, 0o700);
    await takeLock(folder, { pid: process.pid, startedAt: clock.now() });
  } catch (error) {
    if (error instanceof HoldfastError) throw error;
    throw new HoldfastError('DataFolderReadOnly', folder, { cause: error });
  }
  claimed.add(resolve(folder));
  const release = async () => {
    await rm(join(folder, LOCK), { force: true });
    claimed.delete(resolve(folder));
  };
  try {
    await checkVersion(folder);
  } catch (error) {
    await release();
    throw error;
  }
  return { database: join(folder, 'pglite'), release };
}

/** The folders that this process has. A lock of our own number over another is a predecessor's: in a container all have one. */
const claimed = new Set<string>();

/** Who has the folder open; null when nobody has. */
export async function folderHolder(folder: string): Promise<FolderHolder | null> {
  const holder = await readHolder(folder);
  return holder !== null && holdsStill(folder, holder) ? holder : null;
}

function holdsStill(folder: string, { pid }: FolderHolder): boolean {
  return pid === process.pid ? claimed.has(resolve(folder)) : isAlive(pid);
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
  const own = join(folder, `${LOCK}.${randomUUID()}`);
  // Linked into place, so that nobody ever finds a lock that does not say yet whose it is.
  await writeFile(own, JSON.stringify({ ...holder, claim: randomUUID() }), { mode: 0o600 });
  try {
    await takePlace(folder, LOCK, own);
  } finally {
    await rm(own, { force: true });
  }
}

/**
 * Links `own` into the place `name`. What a dead process left there is replaced by whoever holds a second
 * lock, named after that content: so nobody can take away what another has just put in its stead.
 */
async function takePlace(folder: string, name: string, own: string): Promise<void> {
  const path = join(folder, name);
  if (await isLinked(own, path)) return;
  const found = await readFile(path, 'utf8').catch(() => '');
  const other = holderIn(found);
  if (other !== null && holdsStill(folder, other)) {
    throw new HoldfastError('DataFolderBusy', `${folder}, process ${other.pid}`);
  }
  const guard = `${LOCK}.${createHash('sha256').update(found).digest('hex').slice(0, 16)}`;
  // A guard that died at it is replaced in the same way; claims differ, so the names do.
  await takePlace(folder, guard, own);
  try {
    if ((await readFile(path, 'utf8').catch(() => null)) !== found) throw new HoldfastError('DataFolderBusy', folder);
    await link(own, `${own}.next`);
    await rename(`${own}.next`, path);
  } finally {
    await rm(join(folder, guard), { force: true });
  }
}

async function isLinked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (hasErrno(error, 'EEXIST')) return false;
    throw error;
  }
}

async function readHolder(folder: string): Promise<FolderHolder | null> {
  return holderIn(await readFile(join(folder, LOCK), 'utf8').catch(() => ''));
}

function holderIn(text: string): FolderHolder | null {
  const said = jsonIn(text);
  if (!isJsonObject(said) || typeof said['pid'] !== 'number') return null;
  const { pid, startedAt, url, secret } = said;
  return {
    pid,
    startedAt: typeof startedAt === 'number' ? startedAt : 0,
    ...(typeof url === 'string' ? { url } : {}),
    ...(typeof secret === 'string' ? { secret } : {}),
  };
}

/** A folder with somebody else's files in it was named by mistake. */
async function refuseForeign(folder: string): Promise<void> {
  let names: string[] = [];
  try {
    names = await readdir(folder);
  } catch (error) {
    if (!hasErrno(error, 'ENOENT')) throw error;
  }
  const foreign = names.find((name) => !(name === 'pglite' || name === 'secret' || name.startsWith(LOCK)));
  if (foreign !== undefined && !names.includes(VERSION)) {
    throw new HoldfastError('DataFolderVersion', `${folder} is no data folder: it holds ${foreign}`);
  }
}

async function checkVersion(folder: string): Promise<void> {
  const path = join(folder, VERSION);
  const found = await readJson(path);
  if (found === undefined) {
    await writeFile(path, JSON.stringify(FORMAT));
    return;
  }
  const same = isJsonObject(found) && found['format'] === FORMAT.format && found['postgres'] === FORMAT.postgres;
  if (!same)
    throw new HoldfastError(
      'DataFolderVersion',
      found === null ? `${join(folder, VERSION)} cannot be read` : `${folder} says ${JSON.stringify(found)}`,
    );
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
  return jsonIn(text);
}

function jsonIn(text: string): Json {
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
