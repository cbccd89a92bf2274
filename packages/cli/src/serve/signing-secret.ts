import { randomBytes } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const FILE = 'secret';
const SHORTEST = 32;

/**
 * The secret that this data folder's tokens are signed with: made once, readable by its owner only. Lost,
 * it costs no data: devices are asked to sign in again. Called under the folder's lock.
 */
export async function signingSecret(folder: string): Promise<string> {
  const path = join(folder, FILE);
  const existing = await readFile(path, 'utf8').catch((error: unknown) => {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  });
  if (existing.trim().length >= SHORTEST) return existing.trim();
  const secret = randomBytes(32).toString('base64url');
  // Renamed into place, so that a process killed here leaves the whole secret or none.
  await writeFile(`${path}.new`, `${secret}\n`, { mode: 0o600 });
  await rename(`${path}.new`, path);
  return secret;
}
