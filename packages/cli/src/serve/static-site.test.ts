import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadStaticSite, type StaticSite } from './static-site.ts';

let folder: string;
let site: StaticSite;
const page = `<!doctype html><title>Fieldbook</title>${'<p>visit</p>'.repeat(100)}`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-site-'));
  const web = join(folder, 'web');
  await mkdir(join(web, 'assets'), { recursive: true });
  await writeFile(join(folder, 'secret'), 'a signing secret');
  await symlink(join(folder, 'secret'), join(web, 'linked'));
  await writeFile(join(web, 'index.html'), page);
  await writeFile(join(web, 'sw.js'), 'self.skipWaiting();'.repeat(50));
  await writeFile(join(web, 'assets', 'index-BqX3d9Fz.js'), 'console.log(1);'.repeat(100));
  await writeFile(join(web, 'assets', 'sqlite-DkW2_a9-.wasm'), Buffer.alloc(5000));
  await writeFile(join(web, 'manifest.webmanifest'), '{}');
  site = await loadStaticSite(web);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const get = (path: string, headers: Record<string, string> = {}, method = 'GET') => {
  // The URL parser would fold `..` away; a client need not.
  const request = new Request('http://localhost/', { method, headers });
  Object.defineProperty(request, 'url', { value: `http://localhost${path}` });
  return site(request);
};

test.each([
  ['/', 'text/html; charset=utf-8', 'no-cache'],
  ['/sw.js', 'text/javascript; charset=utf-8', 'no-cache'],
  ['/manifest.webmanifest', 'application/manifest+json; charset=utf-8', 'no-cache'],
  ['/assets/index-BqX3d9Fz.js', 'text/javascript; charset=utf-8', 'public, max-age=31536000, immutable'],
  ['/assets/sqlite-DkW2_a9-.wasm', 'application/wasm', 'public, max-age=31536000, immutable'],
])('%s has its type, and is kept as long as its name allows', (path, type, cacheControl) => {
  const response = get(path);
  expect(response?.status).toBe(200);
  expect(response?.headers.get('content-type')).toBe(type);
  expect(response?.headers.get('cache-control')).toBe(cacheControl);
});

test.each([
  '/../secret',
  '/%2e%2e/secret',
  '/..%2fsecret',
  '/assets/../../secret',
  '/assets/..%5c..%5csecret',
  '//etc/passwd',
  '/linked',
  '/%00',
  '/%zz',
  '/.holdfast/secret',
])('[SV5] %s leads nowhere', async (path) => {
  const response = get(path);
  expect(response?.status).toBe(404);
  expect(await response?.text()).not.toContain('secret');
});

test('a page of the app is index.html; a file that is missing is not', async () => {
  const asPage = { accept: 'text/html,application/xhtml+xml' };
  expect(await get('/patients/p-1', asPage)?.text()).toBe(page);
  expect(await get('/patients/p-1.2', asPage)?.text()).toBe(page);
  expect(get('/assets/old-AAAAAAAA.js', asPage)?.status).toBe(404);
  expect(get('/patients/p-1', { accept: 'application/json' })?.status).toBe(404);
});

test('text and wasm travel compressed to whoever can read that', async () => {
  const zipped = get('/', { 'accept-encoding': 'br, gzip;q=0.8' });
  expect(zipped?.headers.get('content-encoding')).toBe('gzip');
  const body = Buffer.from((await zipped?.arrayBuffer()) ?? new ArrayBuffer(0));
  expect(body.length).toBe(Number(zipped?.headers.get('content-length')));
  expect(body.length).toBeLessThan(page.length);
  expect(gunzipSync(body).toString()).toBe(page);
  for (const encoding of ['', 'br', 'gzip;q=0', 'identity']) {
    expect(get('/', { 'accept-encoding': encoding })?.headers.get('content-encoding')).toBeNull();
  }
});

test('what a browser already has is not sent again', () => {
  const etag = get('/')?.headers.get('etag') ?? '';
  expect(get('/', { 'if-none-match': `W/${etag}` })?.status).toBe(304);
  expect(get('/', { 'if-none-match': '"other"' })?.status).toBe(200);
});

test('only reading is answered here', async () => {
  expect(get('/', {}, 'POST')).toBeNull();
  expect(await get('/', {}, 'HEAD')?.text()).toBe('');
});

test('[SV5] a page may load scripts and speak to its own server only', () => {
  const policy = get('/')?.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'self'");
  expect(policy).toContain("script-src 'self' 'wasm-unsafe-eval';");
  expect(policy).toContain("worker-src 'self'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toMatch(/script-src[^;]*unsafe-inline|https?:/);
});

test('an app that was not built is named', async () => {
  await expect(loadStaticSite(join(folder, 'nowhere'))).rejects.toMatchObject({ code: 'WebFolderMissing' });
});

test('[NW3] a page may speak to the server it came from, and to the other addresses of it alone', async () => {
  const policyOf = async (addresses?: readonly string[]) =>
    (await loadStaticSite(join(folder, 'web'), addresses))(new Request('http://localhost/'))
      ?.headers.get('content-security-policy')
      ?.split('; ')
      .find((each) => each.startsWith('connect-src'));
  expect(await policyOf()).toBe("connect-src 'self'");
  expect(await policyOf(['https://north.example.org'])).toBe("connect-src 'self' https://north.example.org");
});
