import type { Json, JsonObject, Schema } from '@holdfast/core';
import { canonicalJson, hasCode, translateReferences } from '@holdfast/core';
import { type Chance, createChance } from '../sim/chance.ts';
import { createVirtualTime, settlePromises } from '../sim/virtual-time.ts';
import { idsSchema } from './ids-schema.ts';
import { type Fate, type RestLink, restBackend } from './rest-backend.ts';
import { type RestDevice, restDevice } from './rest-device.ts';
import { type CreatePromise, type RestServer, restServer } from './rest-server.ts';

type Name = 'people' | 'homes';
type IdsDevice = RestDevice<typeof idsSchema>;

export interface IdsHistory {
  readonly violations: readonly string[];
  readonly counts: Readonly<Record<string, number>>;
}

const NAMES: readonly Name[] = ['people', 'homes'];
const BAD: readonly Fate[] = ['no-link', 'lost-there', 'lost-back', 'killed-before', 'killed-after'];

interface Made {
  readonly collection: Name;
  readonly id: string;
  readonly label: string;
  readonly device: number;
}

/**
 * A random history of devices over an API that assigns ids: graphs of records that refer to one another, also
 * nested; answers lost at every place, processes killed between any two requests and statements, reads that
 * overtake receipts. At every step and at the end each promise of ID2 to ID5 is looked at.
 */
export async function idsHistory(
  seed: number,
  steps: number,
  devices: number,
  promise: CreatePromise,
): Promise<IdsHistory> {
  const chance = createChance(seed);
  const time = createVirtualTime();
  const server = restServer(promise);
  const violations: string[] = [];
  const counts: Record<string, number> = {};
  const count = (name: string) => {
    counts[name] = (counts[name] ?? 0) + 1;
  };
  let calm = false;
  const linkOf = (kill: () => void): RestLink => ({
    fate: () => {
      if (calm || !chance.happens(0.25)) return 'arrives';
      const fate = chance.pick(BAD);
      count(fate);
      return fate;
    },
    readsOnly: () => !calm && chance.happens(0.3),
    share: () => (calm || chance.happens(0.6) ? 1 : chance.fraction()),
    splits: () => chance.happens(0.4),
    kill,
  });
  const fleet: IdsDevice[] = [];
  for (let index = 0; index < devices; index += 1) {
    fleet.push(
      await restDevice(idsSchema, `user${index}`, time, seed * 31 + index, (kill) =>
        restBackend(idsSchema as Schema, server, promise, linkOf(kill)),
      ),
    );
  }
  const made: Made[] = [];
  /** Label → what was written last into its note, by one device only; and labels deleted. */
  let labels = 0;
  const notes = new Map<string, string>();
  const deleted = new Set<string>();

  const act = async (index: number) => {
    const own = fleet[index];
    if (own === undefined) return;
    if (chance.happens(0.15)) own.dieAfterStatements(1 + chance.below(60));
    const dice = chance.fraction();
    let confirm: (rows: Rows) => void = () => {};
    try {
      if (dice < 0.4) await make(own, index, (work) => (confirm = work));
      else if (dice < 0.6) await change(own, (work) => (confirm = work));
      else if (dice < 0.66) await remove(own, (work) => (confirm = work));
      else if (dice < 0.95) {
        count('sync');
        await own.sync();
      } else {
        count('kill');
        own.die();
      }
    } catch (error) {
      // A write into a dying process ends as the process does; whether it was stored is seen afterwards.
      if (!hasCode(error, 'StoreClosed')) throw error;
      count('died writing');
    }
    own.dieAfterStatements(null);
    await own.alive(async () => confirm(await visible(own)));
  };

  type Later = (work: (rows: Rows) => void) => void;

  const make = async (own: IdsDevice, index: number, later: Later) => {
    count('create');
    const known = await visible(own);
    const fresh: { collection: Name; label: string; id: string; note: string }[] = [];
    const write = own.device().write((tx) => {
      const some = (name: Name) => {
        const new_ = fresh.flatMap(({ collection, id }) => (collection === name ? [id] : []));
        return pickId(chance, [...known[name].map(([id]) => id), ...new_, ...new_]);
      };
      for (let left = 1 + chance.below(3); left > 0; left -= 1) {
        const collection = chance.pick(NAMES);
        labels += 1;
        const label = `label-${labels}`;
        const note = textLikeIds(chance, known, made);
        const parent = some('people');
        const { id } =
          collection === 'people'
            ? tx.people.create({ label, note, parent, circle: circle(chance, some, note) })
            : tx.homes.create({ label, note, owner: parent, guests: parent === null ? [] : [[parent, note]] });
        fresh.push({ collection, label, id, note });
      }
    });
    later((rows) => {
      for (const { collection, label, id, note } of fresh) {
        if (!rows[collection].some(([each]) => each === id)) continue;
        made.push({ collection, label, id, device: index });
        notes.set(label, note);
      }
    });
    await write;
  };

  const change = async (own: IdsDevice, later: Later) => {
    const known = await visible(own);
    const collection = chance.pick(NAMES);
    if (known[collection].length === 0) return;
    const [id, row] = chance.pick(known[collection]);
    const some = (name: Name) =>
      pickId(
        chance,
        known[name].map(([each]) => each),
      );
    const note = textLikeIds(chance, known, made);
    count('update');
    later((rows) => {
      const after = rows[collection].find(([each]) => each === id);
      if (after !== undefined) notes.set(String(row.label), String(after[1].note));
    });
    await own.device().write((tx) => {
      if (collection === 'people') {
        tx.people.update(id, { note, parent: some('people'), circle: circle(chance, some, note) });
      } else tx.homes.update(id, { note, owner: some('people') });
    });
  };

  const remove = async (own: IdsDevice, later: Later) => {
    const known = await visible(own);
    const collection = chance.pick(NAMES);
    if (known[collection].length === 0) return;
    const [id, row] = chance.pick(known[collection]);
    count('delete');
    later((rows) => {
      if (!rows[collection].some(([each]) => each === id)) deleted.add(String(row.label));
    });
    await own.device().write((tx) => tx[collection].delete(id));
  };

  for (let step = 0; step < steps && violations.length === 0; step += 1) {
    await act(chance.below(devices));
    while (time.next(time.now() + 40)) await settlePromises();
    violations.push(...(await stepProblems(fleet, server, made, deleted)).map((text) => `step ${step}: ${text}`));
  }
  calm = true;
  for (let round = 0; round < 6; round += 1) {
    for (const own of fleet) {
      await own.revive();
      await own.sync();
      time.next(time.now() + 600_000);
      await settlePromises();
    }
    for (const own of fleet) {
      await own.revive();
      await own.sync();
    }
  }
  if (violations.length === 0) {
    violations.push(...(await stepProblems(fleet, server, made, deleted)));
    violations.push(...(await endProblems(fleet, server, { made, notes, deleted, promise, devices, count })));
  }
  for (const own of fleet) violations.push(...own.faults);
  return { violations, counts };
}

type Rows = Record<Name, [string, JsonObject][]>;

async function visible(own: IdsDevice): Promise<Rows> {
  const people = await own.device().query((db) => db.selectFrom('people').selectAll());
  const homes = await own.device().query((db) => db.selectFrom('homes').selectAll());
  const split = (rows: readonly unknown[]) =>
    (rows as (JsonObject & { id: string })[]).map(({ id, ...row }): [string, JsonObject] => [id, row as JsonObject]);
  return { people: split(people), homes: split(homes) };
}

function pickId(chance: Chance, ids: readonly string[]): string | null {
  return ids.length === 0 || chance.happens(0.15) ? null : chance.pick(ids);
}

function circle(chance: Chance, some: (name: Name) => string | null, text: string) {
  const people = [some('people'), some('people')].filter((id) => id !== null);
  const home = some('homes');
  return {
    text,
    friends: people,
    seats: Object.fromEntries(people.map((id) => [id, text])),
    home: chance.happens(0.5) ? { address: text } : home === null ? null : { at: home },
  };
}

/** Text that is, holds or begins like ids of both sides. */
function textLikeIds(chance: Chance, known: Rows, made: readonly Made[]): string {
  const ids = [...known.people, ...known.homes]
    .map(([id]) => id)
    .concat(
      made.map(({ id }) => id),
      ['1', '2', '10'],
    );
  const text = chance.pick(ids);
  return chance.happens(0.5) ? text : `${text}${chance.pick(ids)} ${chance.pick(ids)}`;
}

async function mappingsOf(own: IdsDevice) {
  const rows = await own.read((tx) => tx.all('SELECT collection, local, server FROM hf_ids'));
  return rows.map((row) => ({
    collection: String(row.collection),
    local: String(row.local),
    server: String(row.server),
  }));
}

async function stepProblems(
  fleet: readonly IdsDevice[],
  server: RestServer,
  made: readonly Made[],
  deleted: ReadonlySet<string>,
): Promise<string[]> {
  const problems: string[] = [];
  const labels = new Map<string, number>();
  for (const record of server.changed(0, server.revision())) {
    if (record.body === null) continue;
    const label = String(record.body.label);
    labels.set(label, (labels.get(label) ?? 0) + 1);
    for (const { collection, id } of references(record.collection as Name, record.body)) {
      if (server.get(collection, id) === null)
        problems.push(`the server refers to ${collection}/${id}, which never was`);
    }
  }
  for (const [label, times] of labels) if (times > 1) problems.push(`${label} was made ${times} times`);
  for (const [index, own] of fleet.entries()) {
    for (const difference of await own.differences()) problems.push(`device ${index}: ${JSON.stringify(difference)}`);
    const mappings = await mappingsOf(own);
    const rows = await own.alive(() => visible(own));
    for (const { collection, local, server: serverId } of mappings) {
      const record = server.get(collection, serverId);
      const mine = made.find(({ id }) => id === local);
      if (record === null || mine === undefined) problems.push(`a mapping of nobody's: ${local} ${serverId}`);
      else if (record.body !== null && record.body.label !== mine.label)
        problems.push(`${local} is mapped to another's ${serverId}`);
    }
    const hidden = new Set(
      mappings.filter(({ local, server: other }) => local !== other).map((each) => `${each.collection}/${each.server}`),
    );
    for (const name of NAMES) {
      for (const [id, row] of rows[name]) {
        if (hidden.has(`${name}/${id}`)) problems.push(`device ${index} shows ${name}/${id} under its server id`);
        for (const reference of references(name, row)) {
          if (hidden.has(`${reference.collection}/${reference.id}`)) {
            problems.push(`device ${index} shows a reference to ${reference.collection}/${reference.id}, a server id`);
          }
        }
      }
      // The id the app was given stays the record's, whatever happens.
      for (const { id, label, collection, device } of made) {
        if (device !== index || collection !== name || deleted.has(label)) continue;
        const row = rows[name].find(([each]) => each === id);
        if (row?.[1].label !== label) problems.push(`device ${index}: ${label} is not under ${id} any more`);
      }
    }
  }
  return problems;
}

/** Every reference in a record, as the walk by type finds it. */
function references(name: Name, row: JsonObject): { collection: string; id: string }[] {
  const found: { collection: string; id: string }[] = [];
  const collection = idsSchema.collections.get(name);
  for (const [field, type] of Object.entries(collection?.fields ?? {})) {
    const value = row[field];
    if (value === undefined) continue;
    translateReferences(type, value, (target, id) => {
      found.push({ collection: target, id });
      return id;
    });
  }
  return found;
}

interface End {
  readonly made: readonly Made[];
  readonly notes: ReadonlyMap<string, string>;
  readonly deleted: ReadonlySet<string>;
  readonly promise: CreatePromise;
  readonly devices: number;
  readonly count: (name: string) => void;
}

/** Records by label, with every reference replaced by the label of what it refers to: equal on all sides. */
async function endProblems(fleet: readonly IdsDevice[], server: RestServer, end: End): Promise<string[]> {
  const problems: string[] = [];
  const serverRows: Rows = { people: [], homes: [] };
  for (const { collection, id, body } of server.changed(0, server.revision())) {
    if (body !== null) serverRows[collection as Name].push([id, body]);
  }
  const there = byLabel(serverRows, (collection, id) => labelAt(server, collection, id));
  for (const [index, own] of fleet.entries()) {
    const entries = await own.device().outbox.list();
    const doubtful = entries.filter(({ state }) => state.at === 'blocked' && state.reason === 'maybe-sent');
    const aside = entries.filter(({ state }) => state.at === 'refused' || state.at === 'conflicted');
    if (doubtful.length > 0) end.count('maybe-sent');
    if (aside.length > 0) end.count('aside');
    const stuck = new Set([...doubtful, ...aside].map(({ id }) => id));
    for (let grew = true; grew; ) {
      grew = false;
      for (const { id, state } of entries) {
        if (stuck.has(id) || state.at !== 'blocked' || !state.by.some((each) => stuck.has(each))) continue;
        stuck.add(id);
        grew = true;
      }
    }
    for (const { id, state, kind } of entries) {
      if (!stuck.has(id)) problems.push(`device ${index} still holds a ${kind} that is ${JSON.stringify(state)}`);
    }
    if (end.promise !== 'neither' && doubtful.length > 0) problems.push('in doubt, though the server could tell');
    if (stuck.size > 0) continue;
    const rows = await visible(own);
    const mapped = await mappingsOf(own);
    const here = byLabel(rows, (collection, id) => {
      const serverId = mapped.find((each) => each.collection === collection && each.local === id)?.server ?? id;
      return labelAt(server, collection, serverId);
    });
    for (const label of new Set([...here.keys(), ...there.keys()])) {
      const [mine, theirs] = [canonicalJson(here.get(label) ?? null), canonicalJson(there.get(label) ?? null)];
      if (mine !== theirs) problems.push(`device ${index}, ${label}: ${mine} here, ${theirs} there`);
    }
    if (end.devices === 1) problems.push(...lostNotes(there, end));
  }
  return problems;
}

/** With one device what was written last is what is there. */
function lostNotes(there: ReadonlyMap<string, JsonObject>, { made, notes, deleted }: End): string[] {
  return made.flatMap(({ label }) => {
    if (deleted.has(label)) return [];
    const note = there.get(label)?.note;
    return note === notes.get(label)
      ? []
      : [`${label} says ${JSON.stringify(note)} and should say ${notes.get(label)}`];
  });
}

function labelAt(server: RestServer, collection: string, id: string): string {
  const record = server.get(collection, id);
  if (record === null) return `nobody: ${id}`;
  return record.body === null ? 'deleted' : String(record.body.label);
}

function byLabel(rows: Rows, label: (collection: string, id: string) => string): Map<string, JsonObject> {
  const all = new Map<string, JsonObject>();
  for (const name of NAMES) {
    const collection = idsSchema.collections.get(name);
    for (const [, row] of rows[name]) {
      const named = Object.fromEntries(
        Object.entries(collection?.fields ?? {}).map(([field, type]): [string, Json] => [
          field,
          translateReferences(type, row[field] ?? null, label),
        ]),
      );
      all.set(String(row.label), named);
    }
  }
  return all;
}
