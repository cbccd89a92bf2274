import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { root } from './root.mjs';

const NOT_SOURCES = new Set(['node_modules', 'dist', 'dev-dist', 'coverage', '.holdfast']);

/** Every file below these paths (of the repository), but what is made from them. */
export async function sourceFiles(paths) {
  const files = await Promise.all(paths.map((path) => below(join(root, path))));
  return files.flat().sort();
}

async function below(path) {
  const entries = await readdir(path, { withFileTypes: true }).catch((error) => {
    if (error.code === 'ENOTDIR') return null;
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (entries === null) return [path];
  const found = await Promise.all(
    entries.filter((entry) => !NOT_SOURCES.has(entry.name)).map((entry) => below(join(path, entry.name))),
  );
  return found.flat();
}

/** One text for the content of these files: another one as soon as a byte or a name differs. */
export async function fingerprintOf(paths, keep = () => true) {
  const hash = createHash('sha256').update(process.version);
  for (const file of (await sourceFiles(paths)).filter(keep)) {
    hash.update(`\0${relative(root, file)}\0`).update(await readFile(file));
  }
  return hash.digest('hex');
}
