/** What a device reads, holds and gives up, and what the server may forget because of it. */
const FLOOR = 'packages/device/src/outbox/floor-store.ts';
const RETENTION = 'packages/device/src/hold/retention.ts';
const EARLY = 'packages/device/src/sync/show-early.ts';
const LIFT = 'packages/device/src/lift/lift-store.ts';

export const readingMutants = [
  {
    name: 'floor-of-what-was-read-last',
    stands: 'SV3: unsent work holds back no tombstone',
    file: FLOOR,
    edits: [
      ['(open?.seq as number | undefined) ?? Number.MAX_SAFE_INTEGER', 'open === null ? 0 : Number.MAX_SAFE_INTEGER'],
    ],
    by: ['packages/device/src/outbox/floor-store.test.ts'],
  },
  {
    name: 'moved-entry-loses-its-floor',
    stands: 'SV3: an entry that is moved to the end was made upon what is shown now',
    file: FLOOR,
    edits: [['await putFloor(tx, from, taken);', 'await putFloor(tx, from, shown);']],
    by: ['packages/device/src/outbox/floor-store.test.ts'],
  },
  {
    name: 'first-contact-holds-nothing',
    stands: 'SV3: a device that has just read for the first time is not waited for',
    file: 'packages/server/src/memory/memory-transaction.ts',
    edits: [
      ['return floor === null || floor === undefined ? oldest', 'return floor === null || floor === undefined ? 1e15'],
    ],
    by: ['packages/device/src/outbox/floor-store.test.ts'],
  },
  {
    name: 'full-reads-without-end',
    stands: 'A9: everything is read again as often as somebody asks for it',
    file: 'packages/device/src/sync/read-budget.ts',
    edits: [['if (lately.length < FULL_READS_AN_HOUR) return null;', 'if (lately.length >= 0) return null;']],
    by: ['packages/device/src/sync/compare-scopes.test.ts'],
  },
  {
    name: 'difference-is-kept',
    stands: 'A13, SY16: a scope that differs is read again upon what was there',
    file: 'packages/device/src/sync/checkpoint.ts',
    edits: [['[...response.gone, ...again]', '[...response.gone, ...again.slice(0, 0)]']],
    by: ['packages/device/src/sync/compare-scopes.test.ts'],
  },
  {
    name: 'age-takes-unsent-work',
    stands: 'SY14, WR8: what grew too old goes, also under unsent work',
    file: RETENTION,
    edits: [['if (!this.#dirty.has(addressOf(collection.name, id))) {', "if (collection.name !== '') {"]],
    by: ['packages/device/src/hold/hold.test.ts'],
  },
  {
    name: 'old-record-stays-unfetched',
    stands: 'SY14, reading rule 7: a change of a record that was given up is forgotten',
    file: RETENTION,
    edits: [["note('wanted');", "note('missing');"]],
    by: ['packages/device/src/hold/hold.test.ts'],
  },
  {
    name: 'shown-early-over-unsent-work',
    stands: 'SY8: before the first checkpoint a record with unsent work changes',
    file: EARLY,
    edits: [['!names.has(group.collection) || dirty.has(', '!names.has(group.collection) || new Set<string>().has(']],
    by: ['packages/device/src/sync/show-early.test.ts'],
  },
  {
    name: 'shown-early-is-forgotten',
    stands: 'SY9: what a first sync has shown goes at its end, for it is no longer staged',
    file: 'packages/device/src/sync/checkpoint.ts',
    edits: [['const early = await readEarly(tx);', 'const early = (await readEarly(tx)).slice(0, 0);']],
    by: ['packages/device/src/sync/show-early.test.ts'],
  },
  {
    name: 'lifted-work-is-sent-lifted',
    stands: 'SV1, CF12: what was sent before an upgrade is other content after it',
    file: LIFT,
    edits: [['    await keepOriginal(tx, entry);\n    const { kind: _', '    const { kind: _']],
    by: ['packages/device/src/lift/lift-store.test.ts'],
  },
  {
    name: 'marks-keep-their-old-names',
    stands: 'CF12, CF1: after a field was renamed nobody knows who changed it last',
    file: 'packages/server/src/sql/carry-over.ts',
    edits: [['for (const step of steps) await carryStep', 'for (const step of steps.slice(0, 1)) await carryStep']],
    by: ['packages/server/src/sql/carry-over.pg.test.ts'],
  },
];
