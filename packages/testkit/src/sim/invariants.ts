import type { DeviceId, Json, Schema, Scope } from '@holdfast/core';
import { sameJson } from '@holdfast/core';
import type { OutboxEntry } from '@holdfast/device';
import type { Principal } from '@holdfast/server';
import type { SimDevice } from './sim-device.ts';
import { simSchema } from './sim-schema.ts';
import type { SimServer } from './sim-server.ts';

type View = Map<string, Readonly<Record<string, unknown>>>;

const names = [...(simSchema as Schema).collections.keys()] as ('people' | 'visits' | 'doses' | 'notes')[];

/** Everything queries of a device see, by `collection/id`. */
export async function viewOf(sim: SimDevice): Promise<View> {
  const view: View = new Map();
  for (const name of names) {
    for (const row of (await sim.device?.query((db) => db.selectFrom(name).selectAll())) ?? []) {
      view.set(`${name}/${row.id}`, row);
    }
  }
  return view;
}

/** I7: no acknowledged mutation leaves the system. It is in the outbox, or the server has answered it. */
export async function checkCustody(sim: SimDevice, server: SimServer): Promise<string[]> {
  const inOutbox = new Set((await sim.device?.outbox.list())?.map((entry) => entry.id));
  return [...sim.acknowledged]
    .filter((id) => !inOutbox.has(id) && !server.answers.has(id as never))
    .map((id) => `[WR8] ${sim.user}: mutation ${id} is neither in the outbox nor answered`);
}

/** WR4: the mutations of one transaction are answered together and alike. */
export function checkTransactions(sim: SimDevice, server: SimServer): string[] {
  const violations: string[] = [];
  for (const [transaction, mutations] of sim.transactions) {
    const outcomes = mutations.map((id) => server.answers.get(id as never)?.outcome ?? 'none');
    const kinds = new Set(outcomes.map((outcome) => (outcome === 'merged' ? 'applied' : outcome)));
    if (kinds.size > 1)
      violations.push(`[WR4] ${sim.user}: transaction ${transaction} was answered ${outcomes.join(', ')}`);
  }
  return violations;
}

/** I4, SY8, CF3: no view shows part of a transaction, or half of a group. */
export function checkView(sim: SimDevice, view: View, entries: readonly OutboxEntry[]): string[] {
  const violations: string[] = [];
  const dirty = new Set(entries.map((entry) => `${entry.collection}/${entry.record}`));
  for (const [address, row] of view) {
    if (address.startsWith('doses/')) {
      const unit = (row.dose as number) % 2 === 0 ? 'mg' : 'ml';
      if (row.unit !== unit) violations.push(`[CF3] ${sim.user}: ${address} shows ${row.dose} ${row.unit}`);
    }
    const person = `people/${row.personId as string}`;
    if (row.personId === undefined || dirty.has(address) || dirty.has(person)) continue;
    if (!view.has(person)) violations.push(`[SY8] ${sim.user}: ${address} shows without ${person}`);
  }
  return violations;
}

/** The oracle: what the server has in these scopes, read from nothing. */
async function serverView(server: SimServer, scopes: readonly Scope[]): Promise<View> {
  const view: View = new Map();
  const nobody = '00000000-0000-7000-8000-000000000000' as DeviceId;
  const read = await server.store.read({
    device: nobody,
    scopes,
    since: null,
    collections: names,
    after: null,
    limit: 1e9,
  });
  for (const row of read.rows) {
    if (row.present && row.values) view.set(`${row.collection}/${row.id}`, { id: row.id, ...row.values });
  }
  return view;
}

/** I2, I9, I12: at rest a device shows exactly what the server has in its scopes. */
export async function checkConverged(sim: SimDevice, server: SimServer, principal: Principal): Promise<string[]> {
  const violations: string[] = [];
  const [mine, theirs] = [await viewOf(sim), await serverView(server, principal.scopes)];
  // What waits behind an entry that waits for a person is still shown as the writer left it.
  const waiting = new Set(
    ((await sim.device?.outbox.list()) ?? [])
      .filter(({ state }) => state.at === 'blocked' && state.reason === 'held')
      .map(({ collection, record }) => `${collection}/${record}`),
  );
  for (const [address, row] of theirs) {
    if (waiting.has(address)) continue;
    const own = mine.get(address);
    if (own === undefined) violations.push(`[SY8] ${sim.user} lacks ${address}`);
    else if (!sameJson(own as Json, row as Json)) {
      violations.push(`[SY4] ${sim.user} shows ${JSON.stringify(own)} where the server has ${JSON.stringify(row)}`);
    }
  }
  for (const address of mine.keys()) {
    if (!theirs.has(address)) violations.push(`[SY12] ${sim.user} shows ${address}, which is not in its scopes`);
  }
  return violations;
}

/** I8: once faults stop, everything is sent, or waits for a person: itself, or for what waits for one. */
export async function checkDrained(sim: SimDevice): Promise<string[]> {
  const entries = (await sim.device?.outbox.list()) ?? [];
  const byId = new Map(entries.map((entry) => [entry.id, entry]));
  const waitsForPerson = (id: string, seen: ReadonlySet<string>): boolean => {
    const state = byId.get(id)?.state;
    if (state === undefined || seen.has(id)) return false;
    if (state.at === 'conflicted' || state.at === 'refused') return true;
    return state.at === 'blocked' && state.by.some((other) => waitsForPerson(other, new Set([...seen, id])));
  };
  return entries
    .filter((entry) => !waitsForPerson(entry.id, new Set()))
    .map(
      ({ kind, collection, record, state }) =>
        `[OB5] ${sim.user}: ${kind} of ${collection}/${record} is still ${JSON.stringify(state)}`,
    );
}
