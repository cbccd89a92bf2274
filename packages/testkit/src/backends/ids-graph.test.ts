import { canonicalJson, type Json, type Schema, translateReferences } from '@holdfast/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createVirtualTime } from '../sim/virtual-time.ts';
import { idsSchema } from './ids-schema.ts';
import { type Fate, restBackend } from './rest-backend.ts';
import { restDevice } from './rest-device.ts';
import { type CreatePromise, restServer } from './rest-server.ts';

/** Records in up to six levels, each referring to ones of levels above it, in every place a reference can stand. */
const node = fc.record({
  collection: fc.constantFrom('people' as const, 'homes' as const),
  level: fc.nat(5),
  refers: fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
  newTransaction: fc.boolean(),
  priority: fc.integer({ min: 1, max: 9 }),
});
const fate = fc.constantFrom<Fate>(
  'arrives',
  'arrives',
  'arrives',
  'no-link',
  'lost-there',
  'lost-back',
  'killed-before',
  'killed-after',
);

test('[ID2, ID3, ID4, ID5] graphs of records arrive whole, each once, in whatever order and whatever is lost', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(node, { minLength: 1, maxLength: 12 }),
      fc.array(fate, { maxLength: 25 }),
      fc.array(fc.boolean(), { maxLength: 8 }),
      fc.array(fc.option(fc.integer({ min: 1, max: 80 })), { maxLength: 8 }),
      fc.constantFrom<CreatePromise>('key', 'look-up'),
      async (nodes, givenFates, givenReads, givenDeaths, promise) => {
        const [fates, readsOnly, deaths] = [[...givenFates], [...givenReads], [...givenDeaths]];
        const server = restServer(promise);
        let written = false;
        const own = await restDevice(idsSchema, 'ada', createVirtualTime(), 3, (kill) =>
          restBackend(idsSchema as Schema, server, promise, {
            fate: () => (written && fates.shift()) || 'arrives',
            readsOnly: () => (written && readsOnly.shift()) ?? false,
            share: () => 1,
            splits: () => (readsOnly.length + fates.length) % 2 === 1,
            kill,
          }),
        );
        const made = await write(own.device(), nodes);
        written = true;
        for (let round = 0; round < 60 && (await own.device().outbox.list()).length > 0; round += 1) {
          own.dieAfterStatements(deaths.shift() ?? null);
          await own.sync();
          own.dieAfterStatements(null);
          await own.alive(() => own.device().outbox.list());
        }
        expect(await own.device().outbox.list()).toEqual([]);
        expect(await own.differences()).toEqual([]);
        expect(own.faults).toEqual([]);
        const here = new Map<string, Json>();
        for (const name of ['people', 'homes'] as const) {
          for (const row of await own.device().query((db) => db.selectFrom(name).selectAll())) {
            const { id, ...values } = row as unknown as { id: string } & Record<string, Json>;
            expect(made.get(String(values.label))?.id).toBe(id);
            here.set(String(values.label), values);
          }
        }
        const labelOf = new Map([...made].map(([label, { collection, id }]) => [`${collection}/${id}`, label]));
        const expected = [...made].map(([label, { collection }]) =>
          named(collection, here.get(label) ?? null, (target, id) => labelOf.get(`${target}/${id}`) ?? 'nobody'),
        );
        const records = server.changed(0, server.revision());
        const there = records.map(({ collection, body }) =>
          named(collection, body, (target, id) => String(server.get(target, id)?.body?.label ?? 'nobody')),
        );
        expect(there.sort()).toEqual(expected.sort());
        expect(there).toHaveLength(nodes.length);
      },
    ),
    { numRuns: 40 },
  );
});

type Node = typeof node extends fc.Arbitrary<infer T> ? T : never;
type Made = Map<string, { readonly collection: string; readonly id: string }>;

async function write(
  device: Awaited<ReturnType<typeof restDevice<typeof idsSchema>>>['device'] extends () => infer D ? D : never,
  nodes: readonly Node[],
): Promise<Made> {
  const made: Made = new Map();
  const ordered = [...nodes].sort((a, b) => a.level - b.level);
  const groups: Node[][] = [];
  for (const each of ordered) {
    const last = groups.at(-1);
    if (last === undefined || each.newTransaction) groups.push([each]);
    else last.push(each);
  }
  const levels = new Map<string, number>();
  for (const group of groups) {
    await device.write(
      (tx) => {
        for (const { collection, level, refers } of group) {
          const label = `n${made.size}`;
          const above = (target: string) =>
            [...made].flatMap(([each, at]) =>
              at.collection === target && (levels.get(each) ?? 0) < level ? [at.id] : [],
            );
          const [people, homes] = [above('people'), above('homes')];
          const some = (ids: readonly string[]) => refers.flatMap((place) => ids[place % (ids.length || 1)] ?? []);
          const [parent, home] = [some(people)[0] ?? null, some(homes)[0] ?? null];
          const text = [...people, ...homes, '1'].join(' ');
          const { id } =
            collection === 'people'
              ? tx.people.create({
                  label,
                  note: parent ?? '1',
                  parent,
                  circle: {
                    text,
                    friends: some(people),
                    seats: Object.fromEntries(some(people).map((each) => [each, text])),
                    home: home === null ? null : { at: home },
                  },
                })
              : tx.homes.create({
                  label,
                  note: text,
                  owner: parent,
                  guests: some(people).map((each): [string, string] => [each, each]),
                });
          made.set(label, { collection, id });
          levels.set(label, level);
        }
      },
      { priority: group[0]?.priority ?? 5 },
    );
  }
  return made;
}

/** A record with every reference by the label of what it refers to, comparable as text. */
function named(collection: string, values: Json, label: (collection: string, id: string) => string): string {
  const fields = idsSchema.collections.get(collection)?.fields ?? {};
  const row = (values ?? {}) as Record<string, Json>;
  return canonicalJson(
    Object.fromEntries(
      Object.entries(fields).map(([field, type]) => [field, translateReferences(type, row[field] ?? null, label)]),
    ),
  );
}
