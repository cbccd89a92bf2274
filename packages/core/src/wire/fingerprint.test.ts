import { expect, test } from 'vitest';
import type { MutationId, TransactionId } from '../ids/ids.ts';
import { stampOf } from '../time/stamp.ts';
import { VERSION_NONE } from '../version/version.ts';
import { fingerprint } from './fingerprint.ts';
import type { CreateMutation } from './mutation.ts';

const create: CreateMutation = {
  kind: 'create',
  id: '018f0000-0000-7000-8000-000000000001' as MutationId,
  transaction: '018f0000-0000-7000-8000-000000000002' as TransactionId,
  schema: 1,
  after: [],
  needs: [],
  resolves: [],
  collection: 'people',
  record: 'p1',
  set: [{ values: { name: 'Ada', age: 36 }, base: VERSION_NONE, stamp: stampOf(1, 0) }],
};

test('[SV1] the fingerprint covers what a mutation does, not what it waits for', () => {
  const later = { ...create, after: ['018f0000-0000-7000-8000-000000000003' as MutationId] };
  expect(fingerprint(later)).toBe(fingerprint(create));
  expect(fingerprint(create)).toMatch(/^[0-9a-f]{32}$/);
});

test('[SV1] other content, another base or another record is another fingerprint', () => {
  const [change] = create.set;
  if (!change) throw new Error('the create has a change');
  const prints = [
    create,
    { ...create, record: 'p2' },
    { ...create, set: [{ ...change, values: { name: 'Ada', age: 37 } }] },
    { ...create, set: [{ ...change, stamp: stampOf(2, 0) }] },
  ].map(fingerprint);
  expect(new Set(prints).size).toBe(prints.length);
});
