import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build, createServer, type InlineConfig, preview } from 'vite';

/** Pages under test and where they are served. */
export interface ServedPages {
  /** Ends with a slash. */
  readonly url: string;
  close(): Promise<void>;
}

export interface ServePagesOptions {
  /** Folder of `index.html`. */
  readonly root: string;
  /** `build`: as an app is shipped. `dev`: as it is developed. */
  readonly mode: 'build' | 'dev';
}

/** Serves a folder of pages through Vite on a free port, from the packages' sources. */
export async function servePages({ root, mode }: ServePagesOptions): Promise<ServedPages> {
  return mode === 'dev' ? serveSources(root) : serveBuild(root);
}

function baseConfig(root: string): InlineConfig {
  return {
    root,
    configFile: false,
    logLevel: 'warn',
    clearScreen: false,
    resolve: { conditions: ['@holdfast/source', 'module', 'browser', 'development|production'] },
    worker: { format: 'es' },
    // Its script finds its WebAssembly beside itself, which a pre-bundled copy would not.
    optimizeDeps: { exclude: ['@journeyapps/wa-sqlite'] },
  };
}

async function serveSources(root: string): Promise<ServedPages> {
  const cacheDir = await mkdtemp(join(tmpdir(), 'holdfast-vite-'));
  const server = await createServer({
    ...baseConfig(root),
    cacheDir,
    server: { port: 0, host: '127.0.0.1', hmr: false },
  });
  await server.listen();
  return {
    url: firstUrl(server.resolvedUrls?.local),
    async close() {
      await server.close();
      await rm(cacheDir, { recursive: true, force: true });
    },
  };
}

async function serveBuild(root: string): Promise<ServedPages> {
  const outDir = await mkdtemp(join(tmpdir(), 'holdfast-pages-'));
  const config: InlineConfig = {
    ...baseConfig(root),
    build: { outDir, emptyOutDir: true, target: 'es2022', minify: false, modulePreload: { polyfill: false } },
  };
  await build(config);
  const server = await preview({ ...config, preview: { port: 0, host: '127.0.0.1' } });
  return {
    url: firstUrl(server.resolvedUrls?.local),
    async close() {
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
  };
}

function firstUrl(urls: readonly string[] | undefined): string {
  const [url] = urls ?? [];
  if (url === undefined) throw new Error('Vite listens nowhere');
  return url;
}
