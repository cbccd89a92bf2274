import { randomUUID } from 'node:crypto';
import { access, mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HoldfastError } from '@holdfast/core';
import type { HoldfastConfig } from './holdfast-config.ts';

/** A configuration with its paths made absolute. */
export interface LoadedConfig extends HoldfastConfig {
  readonly data: string;
  readonly port: number;
}

const DEFAULT_PORT = 4870;
const DEFAULT_DATA = '.holdfast';

/**
 * Bundles a configuration with the files it imports (Node 20 does not run TypeScript) and imports it.
 * Packages stay outside the bundle: the schema must be made by the same `@holdfast/core` that reads it.
 *
 * @throws HoldfastError `InvalidConfig`
 */
export async function loadConfig(path: string): Promise<LoadedConfig> {
  const file = resolve(path);
  await access(file).catch(() => {
    throw new HoldfastError('InvalidConfig', `there is no ${file}`);
  });
  const folder = dirname(file);
  const module = await importBundled(file, folder);
  return checkConfig(module, file, folder);
}

async function importBundled(file: string, folder: string): Promise<unknown> {
  // Loaded here, because starting `holdfast --help` needs no compiler.
  const { build } = await import('esbuild');
  const bundle = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    sourcemap: 'inline',
    logLevel: 'silent',
    absWorkingDir: folder,
  }).catch((cause: unknown) => {
    throw new HoldfastError('InvalidConfig', `${file}: ${messageOf(cause)}`, { cause });
  });
  const code = bundle.outputFiles[0]?.contents ?? new Uint8Array();
  // Beside the configuration, so that its packages are found from there; in node_modules, so that no
  // watcher or linter takes it for a source.
  const place = join(folder, 'node_modules', '.holdfast');
  const bundled = join(place, `config-${randomUUID()}.mjs`);
  await mkdir(place, { recursive: true });
  await writeFile(bundled, code);
  try {
    return await import(pathToFileURL(bundled).href);
  } catch (cause) {
    throw new HoldfastError('InvalidConfig', `${file}: ${messageOf(cause)}`, { cause });
  } finally {
    await rm(bundled, { force: true });
  }
}

function checkConfig(module: unknown, file: string, folder: string): LoadedConfig {
  const config = isObject(module) ? module.default : undefined;
  const fail = (what: string): never => {
    throw new HoldfastError('InvalidConfig', `${file}: ${what}`);
  };
  if (!isObject(config)) return fail('it has no default export; export default defineConfig({ … })');
  if (typeof config.name !== 'string' || config.name === '') fail('name is missing');
  if (!isObject(config.schema) || !(config.schema.collections instanceof Map)) fail('schema is not made by schema(…)');
  const { port = DEFAULT_PORT, data = DEFAULT_DATA, web, addresses } = config;
  if (!isPort(port)) return fail(`port must be a whole number from 0 to 65535, not ${String(port)}`);
  if (typeof data !== 'string') return fail('data must be the path of a folder');
  if (web !== undefined && typeof web !== 'string') return fail('web must be the path of a folder');
  if (addresses !== undefined && !(Array.isArray(addresses) && addresses.every((each) => typeof each === 'string'))) {
    return fail('addresses must be a list of origins');
  }
  // The rest are functions of the app's own; its compiler has checked them against HoldfastConfig.
  const checked = config as unknown as HoldfastConfig;
  return {
    ...checked,
    port,
    data: resolve(folder, data),
    ...(web === undefined ? {} : { web: resolve(folder, web) }),
  };
}

export function isPort(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
