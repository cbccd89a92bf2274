import { link, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isErrno } from './file-error.ts';

/** Whole or not at all, whatever happens meanwhile; on disk when it resolves. Mode 0600. */
export async function writeFileDurably(file: string, content: Uint8Array | string): Promise<void> {
  const temporary = await writeTemporary(file, content);
  await rename(temporary, file);
  await syncFolder(dirname(file));
}

/** The same, unless the file is already there; then it stays as it is. */
export async function createFileDurably(file: string, content: Uint8Array | string): Promise<void> {
  const temporary = await writeTemporary(file, content);
  try {
    await link(temporary, file);
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  } finally {
    await rm(temporary);
  }
  await syncFolder(dirname(file));
}

/** Makes names made or renamed in the folder survive a loss of power. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows opens no folders; there the file system's own journal has to do.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function writeTemporary(file: string, content: Uint8Array | string): Promise<string> {
  const temporary = `${file}.${crypto.randomUUID()}.tmp`;
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return temporary;
}
