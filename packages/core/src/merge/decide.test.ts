import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { MutationId, TransactionId } from '../ids/ids.ts';
import { collection } from '../schema/collection.ts';
import {
  type ConflictPolicy,
  custom,
  type DeletePolicy,
  lastWriteWins,
  manual,
  serverWins,
} from '../schema/policies.ts';
import { type Collection, schema } from '../schema/schema.ts';
import { type Stamp, stampOf } from '../time/stamp.ts';
import type { Json } from '../value/json.ts';
import { type Epoch, VERSION_NONE, type Version, versionOf } from '../version/version.ts';
import type { CreateMutation, DeleteMutation, UpdateMutation } from '../wire/mutation.ts';
import { decide, type Writer } from './decide.ts';
import type { FieldMark, RecordState } from './record-state.ts';

const epoch = '0000000010000' as Epoch;
const later = '0000000020000' as Epoch;
const v = (count: number, of = epoch) => versionOf(of, count);
const at = (ms: number) => stampOf(ms, 0);

function rules(conflict: ConflictPolicy, onDelete: DeletePolicy = 'manual'): Collection {
  const fields = { name: z.string(), phone: z.string(), dose: z.number(), unit: z.string() };
  const definition = collection(fields, { scopes: ['all'], conflict, onDelete, groups: [['dose', 'unit']] });
  const found = schema({ version: 1, collections: { records: definition } }).collections.get('records');
  if (found === undefined) throw new Error('the collection is there');
  return found;
}

function mark(version: Version, parts: Partial<FieldMark> = {}): FieldMark {
  return { version, stamp: at(100), tie: 'm-other', authority: null, by: 'other', ...parts };
}

const created = mark(v(1), { stamp: at(1), by: 'maker' });
const VALUES = { name: 'Ada', phone: '1', dose: 5, unit: 'mg' };

/** A record at version `count` in which others changed these fields last. */
function record(count: number, marks: Record<string, FieldMark> = {}, parts: Partial<RecordState> = {}): RecordState {
  return { version: v(count), values: VALUES, marks, created, deleted: null, ...parts };
}

const common = {
  id: 'm-mine' as MutationId,
  transaction: 't' as TransactionId,
  schema: 1,
  after: [],
  needs: [],
  resolves: [],
  collection: 'records',
  record: 'r1',
};

type Values = Record<string, Json>;

function update(values: Values, base: Version, parts: { stamp?: Stamp; was?: Values } = {}): UpdateMutation {
  const change = { values, base, stamp: parts.stamp ?? at(50), ...(parts.was ? { was: parts.was } : {}) };
  return { kind: 'update', ...common, base, set: [change], ops: [] };
}

function remove(base: Version, bases: Record<string, Version>[] = []): DeleteMutation {
  return { kind: 'delete', ...common, base, bases, stamp: at(50) };
}

function create(values: Values): CreateMutation {
  return { kind: 'create', ...common, set: [{ values, base: VERSION_NONE, stamp: at(50) }] };
}

function writer(parts: Partial<Writer> = {}): Writer {
  return { user: 'me', authority: null, own: new Set(), clamp: (stamp) => stamp, ...parts };
}

describe('a field that nobody else changed', () => {
  for (const policy of [lastWriteWins(), serverWins(), manual()]) {
    test(`[CF1] ${policy.kind}: what the writer had seen is overwritten, whatever the stamps say`, () => {
      const seen = record(4, { name: mark(v(4), { stamp: at(900) }) });
      expect(decide(seen, update({ name: 'B' }, v(4)), rules(policy), writer())).toEqual({
        outcome: 'applied',
        write: { kind: 'update', changes: [{ values: { name: 'B' }, stamp: at(50) }] },
      });
    });

    test(`[CF1] ${policy.kind}: what the own device made earlier is seen, also above the base`, () => {
      const own = record(5, { name: mark(v(5), { stamp: at(900), by: 'me' }) });
      const decision = decide(own, update({ name: 'B' }, v(3)), rules(policy), writer({ own: new Set([v(5)]) }));
      expect(decision).toMatchObject({ outcome: 'applied', write: { kind: 'update' } });
    });

    test(`[CF2] ${policy.kind}: a change of another field does not matter`, () => {
      const other = record(6, { phone: mark(v(6), { stamp: at(900) }) });
      expect(decide(other, update({ name: 'B' }, v(3)), rules(policy), writer()).outcome).toBe('applied');
    });
  }

  test('[CF1] a field that never changed has the mark of the creation', () => {
    expect(decide(record(1), update({ name: 'B' }, v(1)), rules(manual()), writer()).outcome).toBe('applied');
    expect(decide(record(1), update({ name: 'B' }, VERSION_NONE), rules(manual()), writer()).outcome).toBe('conflict');
  });

  test('[CF1] a later epoch is unseen, however small its count; an earlier one is seen from a later base', () => {
    const restored = record(6, { name: mark(v(6, later)) }, { version: v(6, later) });
    expect(decide(restored, update({ name: 'B' }, v(9)), rules(manual()), writer()).outcome).toBe('conflict');
    const old = record(6, { name: mark(v(6)) });
    expect(decide(old, update({ name: 'B' }, v(6, later)), rules(manual()), writer()).outcome).toBe('applied');
  });

  test('[WR5] a mutation without fields changes nothing', () => {
    const nothing = { ...update({}, v(1)), set: [] };
    expect(decide(record(1), nothing, rules(manual()), writer())).toEqual({
      outcome: 'applied',
      write: { kind: 'none' },
    });
  });

  test('[CF1] fields with the names of what every object has are like any other', () => {
    const fields = { toString: z.string(), valueOf: z.string() };
    const odd = schema({ version: 1, collections: { records: collection(fields, { scopes: ['all'] }) } });
    const found = odd.collections.get('records');
    if (found === undefined) throw new Error('the collection is there');
    const state = record(1, {}, { values: { toString: 'a', valueOf: 'b' } });
    expect(decide(state, update({ toString: 'B' }, v(1)), found, writer()).outcome).toBe('applied');
  });
});

describe('lastWriteWins', () => {
  const concurrent = (parts: Partial<FieldMark>) => record(4, { name: mark(v(4), parts) });
  const mine = update({ name: 'B' }, v(3));
  const cases: [string, Partial<FieldMark>, 'applied' | 'merged'][] = [
    ['a later stamp wins', { stamp: at(49) }, 'applied'],
    ['an earlier stamp loses', { stamp: at(51) }, 'merged'],
    ['of equal stamps the greater id wins', { stamp: at(50), tie: 'm-a' }, 'applied'],
    ['of equal stamps the smaller id loses', { stamp: at(50), tie: 'm-z' }, 'merged'],
    ['a write is not later than itself', { stamp: at(50), tie: 'm-mine' }, 'merged'],
  ];

  test.each(cases)('[CF5] %s', (_, parts, outcome) => {
    expect(decide(concurrent(parts), mine, rules(lastWriteWins()), writer()).outcome).toBe(outcome);
  });

  test('[CF5] each field is judged by itself; what lost is told with what stands there', () => {
    const state = record(5, { name: mark(v(4), { stamp: at(60) }), phone: mark(v(5), { stamp: at(40) }) });
    expect(decide(state, update({ name: 'B', phone: '2' }, v(3)), rules(lastWriteWins()), writer())).toEqual({
      outcome: 'merged',
      write: { kind: 'update', changes: [{ values: { phone: '2' }, stamp: at(50) }] },
      lost: [{ mine: { name: 'B' }, kept: { name: 'Ada' }, rule: 'lastWriteWins', by: 'other' }],
      overrode: [{ mine: { phone: '2' }, theirs: { phone: '1' }, rule: 'lastWriteWins', by: 'other' }],
    });
  });

  test('[CF5] a write of which everything lost changes nothing', () => {
    const decision = decide(concurrent({ stamp: at(60) }), mine, rules(lastWriteWins()), writer());
    expect(decision).toMatchObject({ outcome: 'merged', write: { kind: 'none' } });
  });

  test('[CF3] the fields of a group win or lose together, also where only one of them is unseen', () => {
    const state = record(5, { unit: mark(v(5), { stamp: at(60) }) });
    const both = update({ dose: 9, unit: 'ml', name: 'B' }, v(3));
    expect(decide(state, both, rules(lastWriteWins()), writer())).toMatchObject({
      write: { changes: [{ values: { name: 'B' } }] },
      lost: [{ mine: { dose: 9, unit: 'ml' }, kept: { dose: 5, unit: 'mg' } }],
    });
    const won = decide(
      state,
      update({ dose: 9, unit: 'ml' }, v(3), { stamp: at(70) }),
      rules(lastWriteWins()),
      writer(),
    );
    expect(won).toMatchObject({ outcome: 'applied', write: { changes: [{ values: { dose: 9, unit: 'ml' } }] } });
  });

  test('[CF10] stamps are compared, and written, as the server allows them', () => {
    const clamp = (stamp: Stamp) => (stamp > at(55) ? at(55) : stamp);
    const wild = update({ name: 'B' }, v(3), { stamp: at(99_999) });
    expect(decide(concurrent({ stamp: at(60) }), wild, rules(lastWriteWins()), writer({ clamp })).outcome).toBe(
      'merged',
    );
    expect(decide(concurrent({ stamp: at(40) }), wild, rules(lastWriteWins()), writer({ clamp }))).toMatchObject({
      write: { changes: [{ stamp: at(55) }] },
    });
  });
});

describe('authority', () => {
  const ranked = rules(lastWriteWins({ authority: ['coordinator', 'mentor'] }));
  const by = (authority: string | null, ms: number) => record(4, { name: mark(v(4), { authority, stamp: at(ms) }) });
  const cases: [string | null, string | null, number, string][] = [
    ['coordinator', 'mentor', 900, 'applied'],
    ['mentor', 'coordinator', 1, 'merged'],
    ['mentor', 'mentor', 900, 'merged'],
    ['mentor', 'mentor', 1, 'applied'],
    ['mentor', 'volunteer', 900, 'applied'],
    ['volunteer', null, 900, 'merged'],
    [null, 'mentor', 1, 'merged'],
  ];

  test.each(cases)('[CF6] %s against %s, stamped %i: %s', (mine, theirs, ms, outcome) => {
    const decision = decide(by(theirs, ms), update({ name: 'B' }, v(3)), ranked, writer({ authority: mine }));
    expect(decision.outcome).toBe(outcome);
  });

  test('[CF6] what lost to a higher rank says so', () => {
    const decision = decide(by('coordinator', 1), update({ name: 'B' }, v(3)), ranked, writer({ authority: 'mentor' }));
    expect(decision).toMatchObject({ lost: [{ rule: 'authority', by: 'other' }] });
  });

  test('[CF6] a lower rank may change what it has seen', () => {
    const decision = decide(
      by('coordinator', 900),
      update({ name: 'B' }, v(4)),
      ranked,
      writer({ authority: 'mentor' }),
    );
    expect(decision.outcome).toBe('applied');
  });
});

describe('serverWins and manual', () => {
  const state = record(4, { name: mark(v(4), { stamp: at(1) }) });

  test('[CF4] serverWins: the value there stays, even against a later stamp', () => {
    expect(decide(state, update({ name: 'B', phone: '2' }, v(3)), rules(serverWins()), writer())).toMatchObject({
      outcome: 'merged',
      write: { kind: 'update', changes: [{ values: { phone: '2' } }] },
      lost: [{ mine: { name: 'B' }, kept: { name: 'Ada' }, rule: 'serverWins', by: 'other' }],
    });
  });

  test('[CF7] manual: nothing is written, and both sides are given, of the fields that conflict', () => {
    const mine = update({ name: 'B', phone: '2' }, v(3), { was: { name: 'Former', phone: '0' } });
    expect(decide(state, mine, rules(manual()), writer())).toEqual({
      outcome: 'conflict',
      sides: {
        fields: ['name'],
        base: { name: 'Former' },
        mine: { name: 'B' },
        theirs: { name: 'Ada' },
        deletion: null,
        version: state.version,
        by: 'other',
      },
    });
  });

  test('[CF3, CF7] a group conflicts as a whole', () => {
    const one = record(5, { dose: mark(v(5)) });
    expect(decide(one, update({ dose: 9, unit: 'ml' }, v(3)), rules(manual()), writer())).toMatchObject({
      sides: { fields: ['dose', 'unit'], theirs: { dose: 5, unit: 'mg' } },
    });
  });

  test('[CF7] a choice upon the version shown is applied', () => {
    expect(decide(state, update({ name: 'B' }, v(4)), rules(manual()), writer()).outcome).toBe('applied');
  });
});

describe('create', () => {
  test('[SV1] an id that exists, also of a deleted record, is refused', () => {
    const gone = record(4, {}, { deleted: mark(v(4)) });
    for (const there of [record(1), gone]) {
      expect(decide(there, create(VALUES), rules(manual()), writer())).toMatchObject({ reason: 'exists' });
    }
  });

  test('[CF10] else it is inserted, with clamped stamps', () => {
    expect(decide(null, create(VALUES), rules(manual()), writer({ clamp: () => at(7) }))).toEqual({
      outcome: 'applied',
      write: { kind: 'insert', changes: [{ values: VALUES, stamp: at(7) }] },
    });
  });

  test('[SV5] a record that is not there, or that the writer may not know of, is gone', () => {
    for (const mutation of [update({ name: 'B' }, v(1)), remove(v(1))]) {
      expect(decide(null, mutation, rules(manual()), writer())).toEqual({
        outcome: 'refused',
        reason: 'gone',
        detail: null,
      });
    }
  });
});

describe('an update of what was deleted', () => {
  const gone = record(5, { name: mark(v(4)) }, { deleted: mark(v(5), { stamp: at(80) }) });
  const mine = update({ name: 'B' }, v(3), { was: { name: 'Former' } });

  test('[CF9] a deletion the writer had seen: refused, whatever is declared', () => {
    for (const policy of ['manual', 'deleteWins', 'updateWins'] as const) {
      const decision = decide(gone, update({ name: 'B' }, v(5)), rules(lastWriteWins(), policy), writer());
      expect(decision).toMatchObject({ outcome: 'refused', reason: 'deleted' });
    }
  });

  test('[CF9] an own deletion is seen', () => {
    const decision = decide(gone, mine, rules(lastWriteWins(), 'updateWins'), writer({ own: new Set([v(5)]) }));
    expect(decision).toMatchObject({ outcome: 'refused', reason: 'deleted' });
  });

  test('[CF9] deleteWins: all of it is lost, and told', () => {
    expect(decide(gone, mine, rules(manual(), 'deleteWins'), writer())).toEqual({
      outcome: 'merged',
      write: { kind: 'none' },
      lost: [{ mine: { name: 'B' }, kept: {}, rule: 'deleted', by: 'other' }],
    });
  });

  test('[CF9] updateWins: the whole record comes back, with the change upon its last content', () => {
    expect(decide(gone, mine, rules(manual(), 'updateWins'), writer())).toEqual({
      outcome: 'applied',
      write: {
        kind: 'insert',
        changes: [
          { values: VALUES, stamp: at(80) },
          { values: { name: 'B' }, stamp: at(50) },
        ],
      },
      overrode: [{ mine: { name: 'B' }, theirs: {}, rule: 'updated', by: 'other' }],
    });
  });

  test('[CF9] manual: a conflict, which shows the last content', () => {
    expect(decide(gone, mine, rules(lastWriteWins(), 'manual'), writer())).toEqual({
      outcome: 'conflict',
      sides: {
        fields: ['name'],
        base: { name: 'Former' },
        mine: { name: 'B' },
        theirs: VALUES,
        deletion: 'theirs',
        version: gone.version,
        by: 'other',
      },
    });
  });
});

describe('a delete', () => {
  const manualDelete = rules(lastWriteWins(), 'manual');

  test('[CF9] of what was seen whole: deleted, whatever is declared', () => {
    for (const policy of ['manual', 'deleteWins', 'updateWins'] as const) {
      const decision = decide(record(4), remove(v(4)), rules(manual(), policy), writer());
      expect(decision).toEqual({ outcome: 'applied', write: { kind: 'delete', stamp: at(50) } });
    }
  });

  test('[CF9] of what is deleted already: applied, and nothing changes', () => {
    const gone = record(5, {}, { deleted: mark(v(5)) });
    expect(decide(gone, remove(v(3)), manualDelete, writer())).toEqual({ outcome: 'applied', write: { kind: 'none' } });
  });

  const unseen: [string, RecordState, DeleteMutation, ReadonlySet<Version>][] = [
    ['a change above the base', record(5, { name: mark(v(5)) }), remove(v(4)), new Set()],
    ['a change between the own ones', record(6, { name: mark(v(6)) }), remove(v(4)), new Set([v(6)])],
    [
      'a change that lies under an own one of the same field',
      record(6, { name: mark(v(6)) }),
      remove(v(4)),
      new Set([v(6)]),
    ],
    ['another history', record(4, {}, { version: v(4, later) }), remove(v(4)), new Set()],
    [
      'a field shown under an own entry made upon less',
      record(5, { name: mark(v(5)) }),
      remove(v(5), [{ name: v(4) }]),
      new Set(),
    ],
    ['a version the server does not have any more', record(3), remove(v(4)), new Set()],
  ];

  test.each(unseen)(
    '[CF9] %s is unseen: manual conflicts, deleteWins deletes, updateWins keeps',
    (_, state, mine, own) => {
      const by = writer({ own });
      expect(decide(state, mine, manualDelete, by)).toMatchObject({
        outcome: 'conflict',
        sides: { theirs: VALUES, deletion: 'mine' },
      });
      expect(decide(state, mine, rules(manual(), 'deleteWins'), by)).toMatchObject({ write: { kind: 'delete' } });
      expect(decide(state, mine, rules(manual(), 'updateWins'), by)).toMatchObject({
        outcome: 'merged',
        write: { kind: 'none' },
        lost: [{ mine: {}, kept: VALUES, rule: 'updated' }],
      });
    },
  );

  test('[CF9] own changes above the base are seen, several of one version as one', () => {
    const state = record(6, { name: mark(v(5)), phone: mark(v(6)) });
    const decision = decide(state, remove(v(4)), manualDelete, writer({ own: new Set([v(3), v(5), v(6)]) }));
    expect(decision).toMatchObject({ outcome: 'applied', write: { kind: 'delete' } });
  });

  test('[CF9] of an own create that the writer never saw confirmed', () => {
    const decision = decide(record(1), remove(VERSION_NONE), manualDelete, writer({ own: new Set([v(1)]) }));
    expect(decision).toMatchObject({ outcome: 'applied', write: { kind: 'delete' } });
    expect(decide(record(1), remove(VERSION_NONE), manualDelete, writer()).outcome).toBe('conflict');
  });
});

describe('what lost against the mutation', () => {
  const ranked = rules(lastWriteWins({ authority: ['coordinator', 'mentor'] }));
  const overrode = (
    state: RecordState,
    mutation: UpdateMutation | DeleteMutation,
    by: Collection,
    role: string | null,
  ) => {
    const decision = decide(state, mutation, by, writer({ authority: role }));
    return 'overrode' in decision ? decision.overrode : undefined;
  };

  test('[CF6] is told with whose it was, both values and the rule, person by person', () => {
    const state = record(6, {
      name: mark(v(5), { stamp: at(900), authority: 'mentor' }),
      dose: mark(v(4), { stamp: at(1), authority: 'coordinator', by: 'ann' }),
      unit: mark(v(6), { stamp: at(900), authority: 'mentor', by: 'bob' }),
    });
    const set = update({ name: 'B', dose: 6, unit: 'ml' }, v(3));
    expect(overrode(state, set, ranked, 'coordinator')).toEqual([
      { mine: { name: 'B' }, theirs: { name: 'Ada' }, rule: 'authority', by: 'other' },
      { mine: { dose: 6 }, theirs: { dose: 5 }, rule: 'lastWriteWins', by: 'ann' },
      { mine: { unit: 'ml' }, theirs: { unit: 'mg' }, rule: 'authority', by: 'bob' },
    ]);
  });

  test('[CF5] is nothing where the writer had seen it, where both wrote the same, or where the other won', () => {
    const seen = record(4, { name: mark(v(4)) });
    expect(overrode(seen, update({ name: 'B' }, v(4)), rules(lastWriteWins()), null)).toBeUndefined();
    const unseen = record(4, { name: mark(v(4), { stamp: at(1) }) });
    expect(overrode(unseen, update({ name: 'Ada' }, v(3)), rules(lastWriteWins()), null)).toBeUndefined();
    expect(overrode(unseen, update({ name: 'B' }, v(3)), rules(lastWriteWins()), null)).toHaveLength(1);
    const later = record(4, { name: mark(v(4), { stamp: at(900) }) });
    expect(overrode(later, update({ name: 'B' }, v(3)), rules(lastWriteWins()), null)).toBeUndefined();
    expect(overrode(unseen, update({ name: 'B' }, v(3)), rules(serverWins()), null)).toBeUndefined();
  });

  test('[CF8] of a resolver is what it changed of theirs', () => {
    const state = record(4, { name: mark(v(4)) });
    const joined = rules(custom(({ mine, theirs }) => ({ name: `${theirs['name']} ${mine['name']}` })));
    expect(overrode(state, update({ name: 'B' }, v(3)), joined, null)).toEqual([
      { mine: { name: 'Ada B' }, theirs: { name: 'Ada' }, rule: 'custom', by: 'other' },
    ]);
    const theirs = rules(custom((sides) => sides.theirs));
    expect(overrode(state, update({ name: 'B' }, v(3)), theirs, null)).toBeUndefined();
  });

  test('[CF8] a resolver that spoils what it is given spoils nothing', () => {
    const spoil = rules(
      custom((sides) => {
        for (const side of Object.values(sides)) (side as Values)['name'] = 'spoilt';
        return null;
      }),
    );
    const state = record(4, { name: mark(v(4)) });
    const mine = update({ name: 'B' }, v(3));
    expect(decide(state, mine, spoil, writer())).toMatchObject({
      sides: { mine: { name: 'B' }, theirs: { name: 'Ada' } },
    });
    expect(state.values).toEqual({ name: 'Ada', phone: '1', dose: 5, unit: 'mg' });
  });

  test('[CF9] deleteWins: the unseen changes that a delete takes with it', () => {
    const state = record(4, { name: mark(v(4)) });
    const wins = rules(lastWriteWins(), 'deleteWins');
    expect(overrode(state, remove(v(3)), wins, null)).toEqual([
      { mine: {}, theirs: VALUES, rule: 'deleted', by: 'other' },
    ]);
    expect(overrode(state, remove(v(4)), wins, null)).toBeUndefined();
  });
});
