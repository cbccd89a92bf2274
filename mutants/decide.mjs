/** Deciding: the names in brackets of the rules, each left out once. */
const DECIDE = 'packages/core/src/merge/decide.ts';
const DECIDE_TX = 'packages/server/src/decide/decide-transaction.ts';
const DECIDE_EXCHANGE = 'packages/server/src/decide/decide-exchange.ts';
const ANSWERS = 'packages/server/src/decide/answers.ts';
const PLAN_WRITE = 'packages/device/src/write/plan-write.ts';
const CHAIN = 'packages/device/src/outbox/chain.ts';
const FOLD = 'packages/device/src/outbox/fold.ts';
const AGAIN = 'packages/device/src/bay/again-content.ts';

export const decideMutants = [
  {
    name: 'baseConfirmed',
    stands: '[baseConfirmed]: a field under an own edit has the confirmed version as its base',
    file: PLAN_WRITE,
    edits: [
      [
        'const base = covered?.base ?? recordBase(record, live);',
        'const base = covered === undefined ? recordBase(record, live) : record.version;',
      ],
    ],
    by: ['packages/device/src/engine/surprising-answers.test.ts'],
  },
  {
    name: 'version-taken-for-position',
    stands: 'A version is a count: "seen" by the epoch alone',
    file: 'packages/core/src/version/version.ts',
    edits: [['return from <= at && versionCount(version) <= versionCount(base);', 'return from <= at;']],
    by: ['packages/core/src/version/version.test.ts'],
  },
  {
    name: 'plainRev',
    stands: '[plainRev]: a version without its epoch',
    file: 'packages/core/src/version/version.ts',
    edits: [
      [
        'return from <= at && versionCount(version) <= versionCount(base);',
        'return versionCount(version) <= versionCount(base) || from > at;',
      ],
    ],
    by: ['packages/core/src/version/version.test.ts'],
  },
  {
    name: 'noChain',
    stands: '[noChain]: a mutation names nothing that it comes after',
    file: CHAIN,
    edits: [['return [...found].reverse();', 'return [...found].slice(found.size);']],
    by: ['packages/device/src/engine/surprising-answers.test.ts'],
  },
  {
    name: 'afterDirect',
    stands: '[afterDirect]: a mutation names its direct predecessor only',
    file: CHAIN,
    edits: [['if (ours) next.push(...predecessorsOf(link));', '']],
    by: ['packages/device/src/engine/surprising-answers.test.ts'],
  },
  {
    name: 'noReverse',
    stands: '[noReverse]: a delete does not come after what refers to its record',
    file: PLAN_WRITE,
    edits: [
      ["(content.kind === 'delete' ? record.referring : [])", '(record.referring.length < 0 ? record.referring : [])'],
    ],
    by: ['packages/device/src/engine/surprising-writes.test.ts'],
  },
  {
    name: 'noNeeds',
    stands: '[noNeeds]: a mutation does not wait for the create it refers to',
    file: PLAN_WRITE,
    edits: [
      [
        'if (create !== undefined) needs.add(create);\n    }\n    const entry: NewEntry = {\n      id,\n      transaction: who.transaction,',
        'if (create === id) needs.add(create);\n    }\n    const entry: NewEntry = {\n      id,\n      transaction: who.transaction,',
      ],
    ],
    by: ['packages/device/src/sync/sync-loop.test.ts'],
  },
  {
    name: 'noHold',
    stands: '[noHold]: nothing is held; what comes before its predecessor is decided',
    file: DECIDE_EXCHANGE,
    edits: [['if (sidesBytes > SIDES_BYTES || !isReady(transaction, answers)) {', 'if (sidesBytes > SIDES_BYTES) {']],
    by: ['packages/server/src/decide/decide-exchange.test.ts'],
  },
  {
    name: 'noHeir',
    stands: '[noHeir]: what resolved a mutation does not take its place',
    file: ANSWERS,
    edits: [
      [
        'return (row !== undefined && tookEffect(row)) || this.isResolved(id);',
        'return row !== undefined && tookEffect(row);',
      ],
    ],
    by: ['packages/server/src/decide/decide-exchange.test.ts'],
  },
  {
    name: 'heirFirst',
    stands: '[heirFirst]: only the first of those that resolve a mutation counts as own',
    file: ANSWERS,
    edits: [
      [
        'for (const heir of this.#heirs.get(id) ?? []) all.add(heir.id);',
        'for (const heir of this.#heirs.get(id)?.slice(0, 1) ?? []) all.add(heir.id);',
      ],
    ],
    by: ['packages/server/src/decide/decide-transaction.test.ts'],
  },
  {
    name: 'foreign-versions-as-own',
    stands: 'decide.md: versions of other records mixed into own',
    file: ANSWERS,
    edits: [
      [
        'if (row.version !== null && isOf(row, record)) versions.add(row.version);',
        'if (row.version !== null) versions.add(row.version);',
      ],
    ],
    by: ['packages/server/src/decide/decide-transaction.test.ts'],
  },
  {
    name: 'txSplit',
    stands: '[txSplit]: one refused mutation leaves the others of its transaction applied',
    file: DECIDE_TX,
    edits: [['if (culprit !== undefined) {', 'if (culprit !== undefined && mutations.length === 1) {']],
    by: ['packages/server/src/decide/decide-transaction.test.ts'],
  },
  {
    name: 'manualPartial',
    stands: '[manualPartial]: a conflict leaves the others of its transaction applied',
    file: DECIDE_TX,
    edits: [
      [
        "if (judged.some(({ decision }) => decision.outcome === 'conflict')) {",
        "if (judged.length === 1 && judged.some(({ decision }) => decision.outcome === 'conflict')) {",
      ],
    ],
    by: ['packages/server/src/decide/decide-transaction.test.ts'],
  },
  {
    name: 'resolvedBlind',
    stands: '[noResolves], [resolvedBlind]: what is resolved already is resolved once more',
    file: DECIDE_TX,
    edits: [["if (answers.isFulfilled(target)) return 'resolved';", '']],
    by: ['packages/server/src/decide/decide-transaction.test.ts'],
  },
  {
    name: 'discardSilent',
    stands: '[discardSilent]: an entry that was never sent is dropped, though others name it',
    file: 'packages/device/src/bay/discard.ts',
    edits: [
      [
        'if (members.some(({ sent }) => sent)) return false;\n  const ids',
        'if (members.some(({ sent }) => sent)) return false;\n  if (members.length > 0) return true;\n  const ids',
      ],
    ],
    by: ['packages/device/src/bay/set-aside.test.ts'],
  },
  {
    name: 'deleteByFieldMids',
    stands: '[deleteByFieldMids]: a delete is judged by the fields’ last writers alone',
    file: DECIDE,
    edits: [
      [
        'if (!sameHistory || since !== ownAbove) return { by: latest?.by ?? null };',
        'if (latest !== undefined) return { by: latest.by };',
      ],
    ],
    by: ['packages/core/src/merge/decide.test.ts'],
  },
  {
    name: 'deleteNoBases',
    stands: '[deleteNoBases]: a delete does not tell what it was shown above',
    file: PLAN_WRITE,
    edits: [
      [
        "return { kind: 'delete', base: recordBase(record, live), bases: basesOf(live) };",
        "return { kind: 'delete', base: recordBase(record, live), bases: basesOf([]) };",
      ],
    ],
    by: ['packages/device/src/engine/surprising-answers.test.ts'],
  },
  {
    name: 'resolveAll',
    stands: '[resolveAll]: a choice about one field carries all that was shown',
    file: AGAIN,
    edits: [['    ...record.writtenLater,\n    ...record', '    ...record']],
    by: ['packages/device/src/bay/set-aside.test.ts'],
  },
  {
    name: 'resolveBaseAll',
    stands: '[resolveBaseAll]: fields that nobody chose get the shown version as their base',
    file: AGAIN,
    edits: [
      [
        'return [{ ...change, values, ...(change.was && { was: without(change.was) }) }];',
        'return [{ ...change, base: out.size > 0 ? ("9999@zzzzzzzzzzzzz" as Version) : change.base, values, ...(change.was && { was: without(change.was) }) }];',
      ],
    ],
    by: ['packages/device/src/bay/set-aside.test.ts'],
  },
  {
    name: 'noRestoreOp',
    stands: '[noRestoreOp]: keeping what others deleted is a plain update',
    file: AGAIN,
    edits: [
      [
        "return { kind: 'restore', base: again.base, set, last: again.last };",
        "return { kind: 'update', base: again.base, set };",
      ],
    ],
    by: ['packages/device/src/bay/set-aside.test.ts'],
  },
  {
    name: 'noGhost',
    stands: '[noGhost]: a conflict with a deletion does not carry the last content',
    file: DECIDE,
    edits: [["theirs: record.values,\n          deletion: 'theirs',", "theirs: {},\n          deletion: 'theirs',"]],
    by: ['packages/core/src/merge/decide.test.ts', 'packages/server/src/decide/decide-restore.test.ts'],
  },
  {
    name: 'foldStamp',
    stands: '[foldStamp]: what is folded takes the stamp of the last change for all',
    file: FOLD,
    edits: [
      [
        'return [{ ...change, values, ...(change.was && { was: without(change.was) }) }];',
        'return [{ ...change, stamp: later[0]?.stamp ?? change.stamp, values, ...(change.was && { was: without(change.was) }) }];',
      ],
    ],
    by: ['packages/device/src/write/outbox-writes.test.ts'],
  },
  {
    name: 'foldTx',
    stands: '[foldTx]: a change is folded into a transaction of several',
    file: FOLD,
    edits: [
      [
        "if (last === null || !last.alone || update.content.kind !== 'update') return null;",
        "if (last === null || update.content.kind !== 'update') return null;",
      ],
    ],
    by: ['packages/device/src/write/outbox-writes.test.ts'],
  },
  {
    name: 'foldCycle',
    stands: '[foldCycle]: folding adds something to wait for',
    file: FOLD,
    edits: [
      ['if (!update.needs.every((id) => entry.needs.includes(id) || id === entry.id)) return null;\n', ''],
      ['if (!update.afterReferring.every((id) => entry.afterReferring.includes(id))) return null;\n', ''],
    ],
    by: ['packages/device/src/write/outbox-writes.test.ts'],
  },
  {
    name: 'cancelBlind',
    stands: '[cancelBlind]: create and delete cancel though others refer to the record',
    file: FOLD,
    edits: [
      [
        'if (last === null || !last.alone || named || entriesOfRecord !== 1) return null;',
        'if (last === null || !last.alone || entriesOfRecord !== 1) return null;',
      ],
      [
        'return deletion.afterReferring.length === 0 && entry.resolves.length === 0 ? entry : null;',
        'return entry.resolves.length === 0 ? entry : null;',
      ],
    ],
    by: ['packages/device/src/write/outbox-writes.test.ts'],
  },
  {
    name: 'noRetain',
    stands: '[noRetain]: what was released is not kept for a restore of the server',
    file: 'packages/device/src/outbox/send-again.ts',
    edits: [
      [
        "const rows = await tx.all('SELECT seq, content, receipt FROM hf_sent');",
        "const rows = await tx.all('SELECT seq, content, receipt FROM hf_sent WHERE seq < 0');",
      ],
    ],
    by: ['packages/device/src/engine/surprising-answers.test.ts'],
  },
  {
    name: 'group-decided-in-parts',
    stands: 'D7, CF3: dose and unit win apart',
    file: DECIDE,
    edits: [['groups.add(group);', 'groups.add([field]);']],
    by: ['packages/core/src/merge/decide.test.ts'],
  },
  {
    name: 'authority-ignored',
    stands: 'D8, CF6: ranks do not count',
    file: DECIDE,
    edits: [
      [
        'const rank = rankOf(policy.authority, writer.authority) - rankOf(policy.authority, mark.authority);',
        'const rank = 0 * (rankOf(policy.authority, writer.authority) - rankOf(policy.authority, mark.authority));',
      ],
    ],
    by: ['packages/core/src/merge/decide.test.ts'],
  },
  {
    name: 'manual-decided-by-stamp',
    stands: 'CF7: a conflict is decided by the clock',
    file: DECIDE,
    edits: [["if (policy.kind === 'manual') return { kind: 'conflict', by: mark.by };\n", '']],
    by: ['packages/core/src/merge/decide.test.ts'],
  },
];
