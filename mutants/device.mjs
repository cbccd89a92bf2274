/** What is seen: confirmed state and outbox. */
const SETTLE = 'packages/device/src/sync/settle.ts';
const APPLY_RESPONSE = 'packages/device/src/sync/apply-response.ts';
const PLAN_WRITE = 'packages/device/src/write/plan-write.ts';

export const deviceMutants = [
  {
    name: 'acknowledgement-clears-overlay',
    stands: 'C1: what left the outbox is not shown anew',
    file: 'packages/device/src/sync/checkpoint.ts',
    edits: [
      [
        'for (const { collection, record } of await settleOutbox(tx, response, context)) {\n    touchOne(touched, collection, record);\n  }',
        'await settleOutbox(tx, response, context);',
      ],
    ],
    by: ['packages/device/src/engine/engine.test.ts'],
  },
  {
    name: 'dropAtReceipt',
    stands: 'C2, decide.md [dropAtReceipt]: the receipt removes the entry',
    file: SETTLE,
    edits: [
      [
        'return mine !== null && holds(snapshot, mine.position) ? mine : null;',
        'return mine !== null && holds(snapshot, mine.position) !== null ? mine : null;',
      ],
    ],
    by: ['packages/device/src/sync/settle.test.ts'],
  },
  {
    name: 'receipt-removes-entry',
    stands: 'C2: an entry goes with its receipt, before the checkpoint',
    file: APPLY_RESPONSE,
    edits: [
      [
        "states.push(moved(entry, { at: 'accepted', receipt }));",
        "await tx.run('DELETE FROM hf_outbox WHERE seq = ?', [entry.seq]);",
      ],
    ],
    by: ['packages/device/src/engine/engine.test.ts'],
  },
  {
    name: 'earlyConflict',
    stands: 'decide.md [earlyConflict]: a conflict takes effect at its receipt',
    file: APPLY_RESPONSE,
    edits: [
      [
        "states.push(moved(entry, { at: 'accepted', receipt }));",
        "states.push(moved(entry, receipt.outcome === 'conflict' ? { at: 'conflicted', receipt } : { at: 'accepted', receipt }));",
      ],
    ],
    by: ['packages/device/src/engine/engine.test.ts'],
  },
  {
    name: 'parent-refused-child-goes-on',
    stands: 'C5, decide.md [blockedLive]: what needs a refused entry stays in what is seen',
    file: 'packages/device/src/outbox/liveness.ts',
    edits: [['    aside,\n    ({ needs }) => needs,\n', '    aside,\n    () => [],\n']],
    by: ['packages/device/src/sync/settle.test.ts'],
  },
  {
    name: 'blockedLive',
    stands: 'decide.md [blockedLive]: an entry blocked by one that is not live is live',
    file: 'packages/device/src/outbox/liveness.ts',
    edits: [
      [
        "return !standsAside(state) && !(state.at === 'blocked' && state.reason === 'not-live');",
        'return !standsAside(state);',
      ],
    ],
    by: ['packages/device/src/engine/engine.test.ts'],
  },
  {
    name: 'constraint-in-visible-table',
    stands: 'C7: a rebase fails on a constraint',
    file: 'packages/device/src/store/tables.ts',
    edits: [
      [
        '.map((column) => `${quote(column.name)} ${SQL_TYPES[column.kind]}`)',
        '.map((column) => `${quote(column.name)} ${SQL_TYPES[column.kind]} NOT NULL`)',
      ],
    ],
    by: ['packages/device/src/engine/engine.test.ts'],
  },
  {
    name: 'partialGroup',
    stands: 'D7, decide.md [partialGroup]: a change to one field of a group travels alone',
    file: PLAN_WRITE,
    edits: [
      [
        'for (const member of intent.collection.groupOf.get(field) ?? [field]) wanted.add(member);',
        'wanted.add(field);',
      ],
      [
        'new Set([...fields].map((field) => intent.collection.groupOf.get(field) ?? [field]))',
        'new Set([...fields].map((field) => [field]))',
      ],
    ],
    by: ['packages/device/src/engine/engine.test.ts'],
  },
  {
    name: 'null-as-absent',
    stands: 'D9: null does not overwrite',
    file: PLAN_WRITE,
    edits: [
      [
        'change.values[field] = (Object.hasOwn(intent.values, field) ? intent.values[field] : visible[field]) ?? null;',
        'change.values[field] = intent.values[field] ?? visible[field] ?? null;',
      ],
    ],
    by: ['packages/device/src/engine/surprising-writes.test.ts'],
  },
  {
    name: 'loss-not-told',
    stands: 'D11: what a merge took away is nowhere to be found',
    file: 'packages/device/src/sync/settle-outbox.ts',
    edits: [
      [
        "if (receipt.outcome === 'merged') await noteLosses(tx, entry, receipt.lost, context.nowMs);",
        'if (receipt.position === undefined) await noteLosses(tx, entry, [], context.nowMs);',
      ],
    ],
    by: ['packages/device/src/engine/engine.test.ts'],
  },
  {
    name: 'update-as-upsert',
    stands: 'E1: an update brings a deleted record back to life',
    file: 'packages/core/src/merge/decide.ts',
    edits: [
      [
        "if (isSeen(deleted, mutation.base, writer)) return { outcome: 'refused', reason: 'deleted', detail: null };",
        'if (isSeen(deleted, mutation.base, writer)) return broughtBack(record, mutation, deleted.stamp, writer);',
      ],
    ],
    by: ['packages/core/src/merge/decide.test.ts'],
  },
  {
    name: 'older-app-opens-newer-store',
    stands: 'E6: an older app writes into a newer store',
    file: 'packages/device/src/store/open-store.ts',
    edits: [
      ['if (store.format > STORE_FORMAT || store.schema > schema.version) {', 'if (store.format > STORE_FORMAT) {'],
    ],
    by: ['packages/device/src/store/open-store.test.ts'],
  },
  {
    name: 'older-tab-writes-on',
    stands: 'E7: a tab of the older app goes on after a newer one has opened the store',
    file: 'packages/device/src/store/open-store.ts',
    edits: [['if ((row?.schema as number) > schema.version) throw', 'if ((row?.schema as number) < 0) throw']],
    by: ['packages/device/src/engine/surprising-answers.test.ts'],
  },
  {
    name: 'store-of-another-user',
    stands: 'E8, H3: a store opens for whoever comes',
    file: 'packages/device/src/store/open-store.ts',
    edits: [['if (store.user !== user) throw', "if (store.user === '') throw"]],
    by: ['packages/device/src/store/open-store.test.ts'],
  },
  {
    name: 'migration-in-two-steps',
    stands: 'E4, ST9: a migration is committed before it is whole',
    file: 'packages/device/src/store/open-store.ts',
    edits: [
      [
        'const added = await addColumns(tx, schema);',
        "const added = await addColumns(tx, schema);\n    await tx.run('COMMIT');\n    await tx.run('BEGIN IMMEDIATE');",
      ],
    ],
    by: ['packages/testkit/src/crash/run-crash.test.ts'],
  },
  {
    name: 'group-without-its-references',
    stands: 'OB2: what a group carries along is not waited for',
    file: PLAN_WRITE,
    edits: [
      ['const refersTo = referencesInValues(intent.collection, valuesOf(content));', 'const { refersTo } = intent;'],
    ],
    by: ['packages/device/src/engine/surprising-writes.test.ts'],
  },
  {
    name: 'fold-keeps-what-it-referred-to',
    stands: 'OB5: a delete waits for an entry that does not refer to its record any more',
    file: 'packages/device/src/outbox/outbox-store.ts',
    edits: [
      [
        'const gone = before.filter((each) => !refersTo.some((other) => isSameRecord(each, other)));',
        'const gone = before.filter((each) => isSameRecord(each, { collection: each.record, record: "" }));',
      ],
    ],
    by: ['packages/device/src/write/outbox-writes.test.ts'],
  },
  {
    name: 'overridden-later-untold',
    stands: 'CF6: whose applied value is overridden later hears nothing of it',
    file: 'packages/server/src/exchange/pull.ts',
    edits: [['if (overridden.length > 0) Object', 'if (overridden.length < 0) Object']],
    by: ['packages/device/src/bay/set-aside.test.ts'],
  },
  {
    name: 'unknown-keys-left-out',
    stands: 'WR2: what the type of a field has no place for is left out in silence',
    file: 'packages/core/src/schema/validate.ts',
    edits: [['if (lost !== null) issue(', 'if (lost?.length === 0) issue(']],
    by: ['packages/core/src/schema/validate.test.ts'],
  },
];
