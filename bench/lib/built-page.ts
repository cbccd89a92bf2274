import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join, relative } from 'node:path';
import { build } from 'vite';

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** A page as an app is shipped: built, minified, and given out from memory. Null for what it does not have. */
export async function builtPage(root: string): Promise<(request: Request) => Promise<Response | null>> {
  const outDir = await mkdtemp(join(tmpdir(), 'holdfast-bench-page-'));
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    worker: { format: 'es' },
    build: { outDir, emptyOutDir: true, target: 'es2022' },
  });
  const files = new Map<string, { body: Buffer<ArrayBuffer>; type: string }>();
  for (const entry of await readdir(outDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const type = TYPES[extname(path)] ?? 'application/octet-stream';
    files.set(`/${relative(outDir, path)}`, { body: await readFile(path), type });
  }
  await rm(outDir, { recursive: true, force: true });
  return async (request) => {
    const { pathname } = new URL(request.url);
    const file = files.get(pathname === '/' ? '/index.html' : pathname);
    return file === undefined ? null : new Response(file.body, { headers: { 'content-type': file.type } });
  };
}
