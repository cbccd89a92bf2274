import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { exchangeRequest } from './exchange-request.ts';
import { errorResponse, exchangeResponse, liveNews } from './exchange-response.ts';
import { probeAnswer, probeRequest } from './probe.ts';
import { PROTOCOL_VERSION } from './protocol-version.ts';

test('[SY13] the shapes of the messages are those of this protocol version', () => {
  const shapes = [exchangeRequest, exchangeResponse, errorResponse, liveNews, probeRequest, probeAnswer].map(
    (message) => z.toJSONSchema(message, { unrepresentable: 'any' }),
  );
  const print = bytesToHex(sha256(utf8ToBytes(JSON.stringify(shapes)))).slice(0, 12);
  // Changed on purpose? Raise PROTOCOL_VERSION, add its line of history, then put the new print here.
  expect([PROTOCOL_VERSION, print]).toEqual([2, '948cba8bfb00']);
});
