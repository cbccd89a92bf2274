import { hasCode } from '@holdfast/core';
import type { Chance } from '../chance.ts';
import type { Act } from './acting.ts';

/** Text that a keyboard, a scanner or an attacker can bring in (hazards J4, J5). */
const TEXTS = [
  '',
  ' ',
  'cafe\u0301',
  'caf\u00e9',
  '\u202egnp.exe',
  '\u200b',
  '\u0000',
  'a\u0000b',
  '\ud800',
  'x\udfff',
  '\ud83d\ude00',
  '__proto__',
  'constructor',
  "'; DROP TABLE people; --",
  '$1',
  '{"$at":"pending"}',
  '</script>',
  '\ufeffbom',
  '\u2028',
  '-0',
  'NaN',
  '9007199254740993',
  'x'.repeat(20_000),
  '\u00e9'.repeat(10_000),
];
const NUMBERS = [
  -0,
  0,
  1,
  -1,
  2 ** 31,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  1.5,
  1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
];
const OTHERS: readonly unknown[] = [null, undefined, true, [], {}, [[]], { toJSON: 'x' }, new Uint8Array(2), 7n];

/** Anything at all, as code without types would pass it. */
function anything(chance: Chance): unknown {
  return chance.pick([chance.pick(TEXTS), chance.pick(TEXTS), chance.pick(NUMBERS), chance.pick(OTHERS)]);
}

/** The API's types forbid it; an app in plain JavaScript, or a form with a bug, does it all the same. */
function untyped<T>(value: unknown): T {
  return value as T;
}

async function taken<T>(work: Promise<T>): Promise<T | null> {
  try {
    return await work;
  } catch (error) {
    if (hasCode(error, 'InvalidWrite') || hasCode(error, 'WriteTooLarge')) return null;
    throw error;
  }
}

/** Either it fails and nothing is stored, or it is a write like any other (F16). */
export const poisonActs: Readonly<Record<string, Act>> = {
  'poison note': (device, chance) =>
    taken(device.write((tx) => tx.notes.create({ text: untyped(anything(chance)), level: untyped(anything(chance)) }))),

  'poison visit': (device, chance) =>
    taken(
      device.write((tx) => {
        const person = tx.people.create({ name: 'p', mentor: 'm1', note: untyped(chance.pick(TEXTS)) });
        tx.visits.create({ personId: person.id, minutes: untyped(anything(chance)), kind: untyped(anything(chance)) });
      }),
    ),

  'poison change': async (device, chance) => {
    const rows = await device.query((db) => db.selectFrom('people').select('id').orderBy('id').limit(3));
    if (rows.length === 0) return null;
    const { id } = chance.pick(rows);
    const field = chance.pick([
      'name',
      'phone',
      'note',
      'mentor',
      'id',
      '__proto__',
      'constructor',
      'toString',
      'nobody',
    ]);
    // As JSON brings it, "__proto__" is a field like any other.
    const change: unknown = JSON.parse(`{${JSON.stringify(field)}: ${JSON.stringify(chance.pick(TEXTS))}}`);
    return taken(device.write((tx) => tx.people.update(id, untyped(change))));
  },

  'poison basis': async (device, chance) => {
    const people = await device.query((db) => db.selectFrom('people').select('id').orderBy('id').limit(3));
    if (people.length === 0) return null;
    const basis = chance.pick([
      [{ visitId: 'x'.repeat(64) }],
      [{ visitId: 'nobody', more: 1 }],
      Array.from({ length: 300 }, () => ({ visitId: 'v' })),
      [{ visitId: '../../etc' }],
      [JSON.parse('{"visitId":"v","__proto__":{"admin":true}}')],
      nested(chance.pick([5, 40, 2_000])),
    ]);
    return taken(
      device.write((tx) =>
        tx.doses.create({ personId: chance.pick(people).id, dose: 2, unit: 'mg', basis: untyped(basis) }),
      ),
    );
  },

  'poison id': (device, chance) =>
    taken(
      device.write((tx) =>
        tx.notes.create({ id: untyped(anything(chance)), text: 'with an id of its own', level: 'a' }),
      ),
    ),
};

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
}
