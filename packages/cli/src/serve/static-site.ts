import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { HoldfastError } from '@holdfast/core';
import { contentTypeOf, isCompressible, UNKNOWN_TYPE } from './content-type.ts';
import { securityHeaders } from './security-headers.ts';

interface SiteFile {
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** Null where it would not be smaller. */
  readonly gzipped: Uint8Array<ArrayBuffer> | null;
  readonly etag: string;
  readonly cacheControl: string;
}

/** Answers a request for a file of the app; null for other methods than GET and HEAD. */
export type StaticSite = (request: Request) => Response | null;

/** Names that the bundler makes from the content: `assets/index-BqX3d9Fz.js`. */
const HASHED = /^\/assets\/.+-[A-Za-z0-9_-]{8}\.[a-z0-9]+$/;
const INDEX = '/index.html';

/**
 * A built app in memory, compressed once. Only the files found at the start can be asked for: there is
 * no path to climb out by. Pages of the app that are no files get `index.html`. `addresses`: other origins that its
 * pages may call.
 *
 * @throws HoldfastError `WebFolderMissing`
 */
export async function loadStaticSite(folder: string, addresses: readonly string[] = []): Promise<StaticSite> {
  const secured = securityHeaders(addresses);
  const files = new Map<string, SiteFile>();
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  for (const entry of entries.filter((each) => each.isFile())) {
    const path = join(entry.parentPath, entry.name);
    const url = `/${relative(folder, path).split(sep).join('/')}`;
    files.set(url, await loadFile(path, url));
  }
  const index = files.get(INDEX);
  if (index === undefined) throw new HoldfastError('WebFolderMissing', folder);

  return (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return null;
    const path = pathOf(request);
    const file = path === null ? undefined : path === '/' ? index : files.get(path);
    if (file !== undefined) return answer(request, file, secured);
    if (path !== null && isPage(request, path)) return answer(request, index, secured);
    return new Response(request.method === 'HEAD' ? null : 'Not found\n', {
      status: 404,
      headers: { ...secured, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
    });
  };
}

async function loadFile(path: string, url: string): Promise<SiteFile> {
  const body = new Uint8Array(await readFile(path));
  const type = contentTypeOf(url);
  const zipped = isCompressible(type) ? new Uint8Array(await promisify(gzip)(body, { level: 9 })) : null;
  return {
    type,
    body,
    gzipped: zipped !== null && zipped.length < body.length ? zipped : null,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    // A name that holds the content's hash never changes its content; every other name is asked for anew.
    cacheControl: HASHED.test(url) ? 'public, max-age=31536000, immutable' : 'no-cache',
  };
}

function answer(request: Request, file: SiteFile, secured: Readonly<Record<string, string>>): Response {
  const headers = new Headers({
    ...secured,
    'content-type': file.type,
    'cache-control': file.cacheControl,
    etag: file.etag,
    vary: 'accept-encoding',
  });
  if (holdsTag(request.headers.get('if-none-match'), file.etag)) return new Response(null, { status: 304, headers });
  const zipped = acceptsGzip(request) ? file.gzipped : null;
  const body = zipped ?? file.body;
  if (zipped !== null) headers.set('content-encoding', 'gzip');
  headers.set('content-length', String(body.length));
  return new Response(request.method === 'HEAD' ? null : body, { status: 200, headers });
}

function pathOf(request: Request): string | null {
  try {
    return decodeURIComponent(new URL(request.url).pathname);
  } catch {
    return null;
  }
}

/** A page of the app, rather than a file that is missing: a browser navigates there, and it ends like no file. */
function isPage(request: Request, path: string): boolean {
  const accepts = request.headers.get('accept') ?? '';
  return accepts.includes('text/html') && contentTypeOf(path) === UNKNOWN_TYPE;
}

function acceptsGzip(request: Request): boolean {
  return /(^|,)\s*(gzip|\*)\s*(;\s*q=(?!0(\.0+)?\s*(,|$))[\d.]+)?\s*(,|$)/.test(
    request.headers.get('accept-encoding') ?? '',
  );
}

function holdsTag(ifNoneMatch: string | null, etag: string): boolean {
  return (ifNoneMatch ?? '').split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}
