import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';

export interface ResourceFile {
  readonly type: string;
  readonly name: string;
  readonly path: string;
  readonly bytes: number;
}

/** `Patient.ndjson`, and what bulk exports make of it: `Patient.000.ndjson`, `1.Patient.ndjson`. */
const FILE_NAME = /^(?:\d+\.)?([A-Z][A-Za-z]+)(?:[._-]\d+)*\.ndjson$/;

/**
 * The NDJSON files of a folder: those of the given types in the order of the types, then the others.
 *
 * @throws HoldfastError `ImportFolder` when the folder cannot be read or holds none
 */
export async function findFiles(
  folder: string,
  types: readonly string[],
): Promise<{ known: readonly ResourceFile[]; unknown: readonly ResourceFile[] }> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new HoldfastError('ImportFolder', `${folder} cannot be read`, { cause });
  });
  const files: ResourceFile[] = [];
  for (const name of names.sort()) {
    const type = FILE_NAME.exec(name)?.[1];
    if (type === undefined) continue;
    const path = join(folder, name);
    files.push({ type, name, path, bytes: (await stat(path)).size });
  }
  if (files.length === 0) throw new HoldfastError('ImportFolder', `${folder} holds no .ndjson file`);
  const place = (file: ResourceFile) => types.indexOf(file.type);
  return {
    known: files.filter((file) => place(file) >= 0).sort((a, b) => place(a) - place(b)),
    unknown: files.filter((file) => place(file) < 0),
  };
}
