import type { Gzip } from '../link/http-exchange.ts';

/** Compresses with the platform's own streams, in Node as in browsers; null where there are none. */
export function webGzip(): Gzip | null {
  if (typeof CompressionStream === 'undefined') return null;
  return async (text) => {
    const zipped = new Blob([text]).stream().pipeThrough(new CompressionStream('gzip'));
    return new Uint8Array(await new Response(zipped).arrayBuffer());
  };
}
