import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { root } from './root.mjs';

const PARTS = ['packages', 'apps', 'package.json', 'tsconfig.base.json', 'vitest.config.ts'];
const NOT_COPIED = new Set(['node_modules', 'dist', 'dev-dist', '.holdfast']);
const OURS = '@holdfast';

/**
 * A copy of the sources to plant faults in: what is done to it is seen by no other. The packages of others
 * are those of this tree; ours lead into the copy.
 */
export async function scratchTree() {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-mutants-'));
  for (const part of PARTS) {
    await cp(join(root, part), join(folder, part), {
      recursive: true,
      filter: (path) => !NOT_COPIED.has(relative(root, path).split(/[\\/]/).at(-1) ?? ''),
    });
  }
  await linkModules(folder);
  return {
    folder,
    path: (file) => join(folder, file),
    read: (file) => readFile(join(folder, file), 'utf8'),
    write: (file, text) => writeFile(join(folder, file), text),
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
}

async function linkModules(folder) {
  const [from, to] = [join(root, 'node_modules'), join(folder, 'node_modules')];
  await mkdir(join(to, OURS), { recursive: true });
  for (const name of await readdir(from)) {
    if (name !== OURS && !name.startsWith('.')) await symlink(join(from, name), join(to, name));
  }
  for (const part of ['packages', 'apps']) {
    for (const name of await readdir(join(folder, part))) {
      const { name: published } = JSON.parse(await readFile(join(folder, part, name, 'package.json'), 'utf8'));
      const link = join(to, published);
      await mkdir(dirname(link), { recursive: true });
      await symlink(join(folder, part, name), link);
    }
  }
}
