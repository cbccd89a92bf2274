import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HoldfastError } from '@holdfast/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadConfig } from './load-config.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-config-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const SCHEMA = 'schema: { version: 1, collections: new Map(), definitions: {} }';
async function write(text: string): Promise<string> {
  const file = join(folder, 'holdfast.config.ts');
  await writeFile(file, text);
  return file;
}

test('TypeScript and the files it imports are read, and paths are those of the configuration', async () => {
  await mkdir(join(folder, 'src'));
  await writeFile(join(folder, 'src/people.ts'), 'export const name: string = "Clinic" satisfies string;');
  const file = await write(`
    import { name } from './src/people.ts';
    import type { Nowhere } from 'a-package-that-is-not-there';
    export default { name, ${SCHEMA}, data: 'kept', web: '../web', users: () => [] as Nowhere[] };
  `);
  const config = await loadConfig(file);
  expect(config).toMatchObject({ name: 'Clinic', port: 4870, data: join(folder, 'kept'), web: join(folder, '../web') });
  expect(await config.users?.()).toEqual([]);
});

test('nothing but a folder for packages is left behind', async () => {
  const file = await write(`export default { name: 'Clinic', ${SCHEMA}, port: 8080 };`);
  expect(await loadConfig(file)).toMatchObject({ port: 8080, data: join(folder, '.holdfast') });
  expect((await readdir(folder)).sort()).toEqual(['holdfast.config.ts', 'node_modules']);
  expect(await readdir(join(folder, 'node_modules/.holdfast'))).toEqual([]);
});

test.each([
  ['export const config = {};', /no default export/],
  [`export default { ${SCHEMA} };`, /name is missing/],
  ["export default { name: 'Clinic', schema: {} };", /schema is not made by schema/],
  [`export default { name: 'Clinic', ${SCHEMA}, port: 65536 };`, /port must be a whole number/],
  [`export default { name: 'Clinic', ${SCHEMA}, web: 4 };`, /web must be the path/],
  [
    `export default { name: 'Clinic', ${SCHEMA}, addresses: 'https://a.example' };`,
    /addresses must be a list of origins/,
  ],
  ['export default { name: ', /Unexpected end of file/],
  ["import './nowhere.ts'; export default {};", /Could not resolve "\.\/nowhere\.ts"/],
  ["throw new Error('no key'); export default {};", /no key/],
])('a configuration that cannot be used says why: %s', async (text, what) => {
  const file = await write(text);
  const error: unknown = await loadConfig(file).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(HoldfastError);
  expect(error).toMatchObject({ code: 'InvalidConfig', message: expect.stringMatching(what) });
  expect(String(error)).toContain(file);
});

test('a configuration that is not there is named', async () => {
  const file = join(folder, 'other.config.ts');
  await expect(loadConfig(file)).rejects.toMatchObject({ code: 'InvalidConfig', detail: `there is no ${file}` });
});
