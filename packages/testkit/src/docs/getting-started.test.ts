import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { bundleProgram } from '../process/start-process.ts';

const PAGE = fileURLToPath(new URL('../../../../docs/GETTING-STARTED.md', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../../node_modules/.cache', import.meta.url));

test('the program in GETTING-STARTED runs as it stands there, and two devices sync', async () => {
  const blocks = [...(await readFile(PAGE, 'utf8')).matchAll(/^```ts\n(.*?)^```$/gms)].map((found) => found[1] ?? '');
  const runnable = blocks.filter((code) => code.includes('@holdfast/device/node'));
  expect(runnable).toHaveLength(1);

  // Inside node_modules, from where the packages are found.
  await mkdir(CACHE, { recursive: true });
  const folder = await mkdtemp(join(CACHE, 'holdfast-docs-'));
  try {
    const entry = join(folder, 'trees.ts');
    await writeFile(entry, runnable[0] ?? '');
    const program = await bundleProgram(entry);
    try {
      const running = program.start();
      await running.line('Ada sees');
      expect(await running.exit).toBe(0);
      expect(running.lines.at(-1)).toBe('Ada sees {"name":"Oak","height":4,"healthy":false}');
    } finally {
      await program.dispose();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
