import {
  collection,
  type DeviceId,
  type Epoch,
  type ExchangeResponse,
  type Scope,
  type Snapshot,
  schema,
  type UserId,
} from '@holdfast/core';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { memoryStorage } from '../node.ts';
import { openStore } from '../store/open-store.ts';
import { applyResponse } from './apply-response.ts';

const app = schema({ version: 1, collections: { people: collection({ name: z.string() }, { scopes: ['everyone'] }) } });
const key = { key: new Uint8Array(32), salt: new Uint8Array(16) };
const scopes = ['everyone' as Scope];

const answer = (position: number, name: string): ExchangeResponse => ({
  protocol: 2,
  nonce: 'n',
  epoch: '0000000010000' as Epoch,
  now: 0,
  receipts: [],
  held: [],
  pages: [
    {
      groups: [
        {
          collection: 'people',
          epoch: '0000000010000' as Epoch,
          in: scopes,
          out: [],
          whole: true,
          aged: false,
          records: [['p1', position, { name }]],
        },
      ],
      stamp: null,
    },
  ],
  gone: [],
  whole: [],
  fetched: [],
  checksums: null,
  cursor: { snapshot: `${position}:${position}:` as Snapshot, scopes },
  catchUp: null,
  durable: null,
  horizon: null,
});

test('[SY7] of two answers to requests built upon the same state only the first is taken in (hazard G3)', async () => {
  const driver = await memoryStorage().openDatabase(key);
  await openStore(driver, app, 'ada' as UserId, () => 'd' as DeviceId);
  const reads = { kind: 'everything' } as const;
  const asked = { sent: [], acknowledged: [], reads, asksChecksums: false };
  const context = { schema: app, generation: 0, ...asked, nowMs: 0, bytes: 0 };
  const names = () => driver.read((tx) => tx.all('SELECT name FROM people'));
  expect(await driver.write((tx) => applyResponse(tx, answer(9, 'new'), context))).toMatchObject({ checkpoint: true });
  expect(await driver.write((tx) => applyResponse(tx, answer(5, 'old'), context))).toBeNull();
  expect(await names()).toEqual([{ name: 'new' }]);
});
