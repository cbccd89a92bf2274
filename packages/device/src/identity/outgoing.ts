import type { Mutation, MutationId, Schema } from '@holdfast/core';
import type { EntryState } from '../outbox/entry-state.ts';
import { standsAside } from '../outbox/liveness.ts';
import type { IdentityContext } from '../ports/backend.ts';
import type { ReadTx } from '../ports/storage-driver.ts';
import type { BuiltRequest } from '../sync/build-request.ts';
import { holdUnmapped, type Unmapped } from './hold-unmapped.ts';
import { type Ids, readMappings, withIds } from './id-table.ts';
import { translateRequest } from './translate-request.ts';

/** A request as it goes to a backend that assigns ids, with what the backend has to know beside it. */
export interface Outgoing {
  /** With local ids, without what is held back. */
  readonly built: BuiltRequest;
  /** What is sent. */
  readonly request: BuiltRequest['request'];
  readonly identity: IdentityContext;
}

/**
 * ID2, ID5: in the transaction that builds a request: holds back what names records without a server id, and
 * translates the rest.
 */
export async function outgoing(tx: ReadTx, schema: Schema, built: BuiltRequest): Promise<Outgoing> {
  const mutations = holdUnmapped(schema, built.request.mutations, await readUnmapped(tx, built.request.mutations));
  const rows = await tx.all('SELECT seq, id, sent FROM hf_outbox WHERE id IN (SELECT value FROM json_each(?))', [
    JSON.stringify(mutations.map(({ id }) => id)),
  ]);
  const kept: BuiltRequest = {
    ...built,
    request: { ...built.request, mutations },
    places: rows.map((row) => row.seq as number),
  };
  return {
    built: kept,
    request: await withIds(tx, 'to-server', (lookup) => translateRequest(schema, kept.request, lookup)),
    identity: {
      mapped: await readMappings(tx, 'local', idsOf(mutations.filter((mutation) => mutation.kind === 'create'))),
      resent: rows.filter((row) => row.sent === 1).map((row) => row.id as MutationId),
    },
  };
}

async function readUnmapped(tx: ReadTx, chosen: readonly Mutation[]): Promise<Unmapped> {
  const rows = await tx.all(
    `SELECT collection, record, txn, sent, state FROM hf_outbox AS entry WHERE kind = 'create' AND NOT EXISTS
     (SELECT 1 FROM hf_ids WHERE collection = entry.collection AND local = entry.record)`,
  );
  const records = new Map<string, string>();
  const doubled = new Set<string>();
  for (const row of rows) {
    const state = JSON.parse(row.state as string) as EntryState;
    // Sent again under another id: that one is the create now.
    if (state.at === 'resolving') continue;
    // Applied without a mapping: it kept its id.
    const outcome = state.at === 'accepted' ? state.receipt.outcome : null;
    if (outcome === 'applied' || outcome === 'merged') continue;
    records.set(`${row.collection}/${row.record}`, row.txn as string);
    // One that is blocked can be so for long, or for ever: nothing of others waits for that.
    if (row.sent === 1 && !standsAside(state) && state.at !== 'blocked') doubled.add(row.collection as string);
  }
  const deleted = idsOf(chosen.filter((mutation) => mutation.kind === 'delete'));
  const mapped = doubled.size === 0 ? [] : await readMappings(tx, 'local', deleted);
  return { records, doubled, mapped: new Set(mapped.map(({ collection, local }) => `${collection}/${local}`)) };
}

function idsOf(mutations: readonly { readonly collection: string; readonly record: string }[]): Ids {
  const ids = new Map<string, Set<string>>();
  for (const { collection, record } of mutations) {
    const own = ids.get(collection) ?? new Set();
    ids.set(collection, own.add(record));
  }
  return ids;
}
