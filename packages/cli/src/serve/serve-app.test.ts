import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { collection, schema } from '@holdfast/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { LoadedConfig } from '../config/load-config.ts';
import { httpSink } from '../import/http-sink.ts';
import { openSink } from '../import/open-sink.ts';
import { type RunningApp, serveApp } from './serve-app.ts';

const clinic = schema({
  version: 1,
  collections: { people: collection({ name: z.string().min(1) }, { scopes: ['everyone'] }) },
});

let folder: string;
let config: LoadedConfig;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-serve-'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Clinic</title>');
  config = {
    name: 'Clinic',
    schema: clinic,
    data: join(folder, 'data'),
    port: 0,
    web: folder,
    users: () => [{ id: 'ada', name: 'Ada', role: null, scopes: ['everyone'] }],
    seed: () => [
      { collection: 'people', id: 'p-1', values: { name: 'Grace' } },
      { collection: 'people', id: 'p-2', values: { name: 'Kari' } },
    ],
  };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const counts = async () => {
  const { url, secret } = JSON.parse(await readFile(join(config.data, 'server.lock'), 'utf8'));
  const response = await fetch(`${url}/v1/admin/counts`, { headers: { authorization: `Bearer ${secret}` } });
  return response.json();
};

describe('a server with its app on one port', () => {
  let app: RunningApp;
  const said: string[] = [];
  beforeAll(async () => {
    app = await serveApp(config, { say: (what) => said.push(what) });
  });
  afterAll(() => app.close());

  test('[SV5] signs nobody in for a page whose name merely leads here', async () => {
    const statusFor = (host: string) =>
      new Promise((resolve, reject) => {
        const headers = { host, 'content-type': 'application/json' };
        const asked = request(`${app.url}/v1/dev/token`, { method: 'POST', headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        asked.on('error', reject);
        asked.end('{"user":"ada"}');
      });
    expect([await statusFor('evil.example'), await statusFor('localhost')]).toEqual([421, 200]);
  });

  test('serves the app, and the interface beside it', async () => {
    expect(await (await fetch(`${app.url}/`)).text()).toContain('<title>Clinic</title>');
    expect(await (await fetch(`${app.url}/people/p-1`, { headers: { accept: 'text/html' } })).text()).toContain(
      'Clinic',
    );
    expect((await fetch(`${app.url}/data/secret`)).status).toBe(404);
    expect((await fetch(`${app.url}/v1/health`)).headers.get('content-type')).toMatch(/json/);
    const token = await fetch(`${app.url}/v1/dev/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ user: 'ada' }),
    });
    expect(await token.json()).toEqual({ token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/) });
  });

  test('fills an empty store once, and keeps a signing secret to itself', async () => {
    expect(await counts()).toEqual({ people: 2 });
    expect(said.at(-1)).toBe('First start: wrote 2 rows of sample data.');
    const { mode } = await stat(join(config.data, 'secret'));
    expect((mode & 0o777).toString(8)).toBe('600');
    expect((await readdir(config.data)).sort()).toEqual(['VERSION', 'pglite', 'secret', 'server.lock']);
  });

  test('imports go through the server that has the folder open', async () => {
    const sink = await openSink(clinic, { data: config.data });
    await sink.write('people', [{ id: 'p-3', values: { name: 'Rose' } }]);
    await sink.close();
    expect(await counts()).toEqual({ people: 3 });
    await expect(sink.write('people', [{ id: 'p-4', values: { name: '' } }])).rejects.toThrow(/people\.name/);
    const stranger = httpSink({ url: app.url, secret: 'a guess' });
    await expect(stranger.write('people', [])).rejects.toMatchObject({ code: 'NotAuthenticated' });
  });

  test('a second server for the folder is refused, and the first goes on', async () => {
    await expect(serveApp(config)).rejects.toMatchObject({ code: 'DataFolderBusy' });
    expect(await counts()).toEqual({ people: 3 });
  });
});

describe('starting again', () => {
  test('[NW3, SV5] pages of its other addresses may call, and what is no address is refused', async () => {
    const origin = 'https://north.example.org';
    const app = await serveApp({ ...config, addresses: [origin] });
    const answer = await fetch(`${app.url}/v1/health`, { headers: { origin } });
    expect(answer.headers.get('access-control-allow-origin')).toBe(origin);
    await app.close();
    await expect(serveApp({ ...config, addresses: ['*'] })).rejects.toMatchObject({ code: 'InvalidConfig' });
  });

  test('finds what was there, with the same secret and no second seeding', async () => {
    const secret = await readFile(join(config.data, 'secret'), 'utf8');
    const app = await serveApp(config);
    expect(await counts()).toEqual({ people: 3 });
    expect(await readFile(join(config.data, 'secret'), 'utf8')).toBe(secret);
    await app.close();
    await expect(fetch(app.url)).rejects.toThrow();
  });

  test('a seeding that was cut short is done again', async () => {
    await writeFile(join(config.data, 'seeding'), '');
    const more = () => [
      ...(config.seed?.({ nowMs: 0 }) ?? []),
      { collection: 'people', id: 'p-9', values: { name: 'Lucy' } },
    ];
    const app = await serveApp({ ...config, seed: more });
    expect(await counts()).toEqual({ people: 4 });
    expect(await readdir(config.data)).not.toContain('seeding');
    await app.close();
  });

  test('a port that is taken is named, and the folder is free again', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await expect(serveApp({ ...config, port })).rejects.toMatchObject({ code: 'PortTaken', detail: String(port) });
    other.close();
    expect(await readdir(config.data)).not.toContain('server.lock');
  });

  test('a folder of another version, and an app that is not built, are named before anything is touched', async () => {
    await expect(serveApp({ ...config, web: join(folder, 'nowhere') })).rejects.toMatchObject({
      code: 'WebFolderMissing',
    });
    await writeFile(join(config.data, 'VERSION'), '{"format":99,"postgres":18}');
    await expect(serveApp(config)).rejects.toMatchObject({ code: 'DataFolderVersion' });
    expect(await readdir(config.data)).not.toContain('server.lock');
  });
});

test('a server that is not there is named', async () => {
  const nowhere = httpSink({ url: 'http://127.0.0.1:9', secret: 'any' });
  await expect(nowhere.write('people', [])).rejects.toMatchObject({ code: 'ServerUnreachable' });
  await expect(openSink(clinic, { data: '', url: 'nowhere', secret: 's' })).rejects.toMatchObject({
    code: 'InvalidConfig',
  });
});
