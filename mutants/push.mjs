/** Sending: exactly once, in order, nothing given up. */
const SYNC_LOOP = 'packages/device/src/sync/sync-loop.ts';
const MEMORY_TX = 'packages/server/src/memory/memory-transaction.ts';

export const pushMutants = [
  {
    name: 'applied-forgotten',
    stands: 'B1: what was answered before is decided again',
    file: 'packages/server/src/decide/decide-transaction.ts',
    edits: [
      [
        'const row = answers.get(mutation.id);\n  if (row === undefined) return null;',
        'const row = answers.get(mutation.id);\n  if (row === undefined || row.id === mutation.id) return null;',
      ],
    ],
    by: ['packages/server/src/decide/decide-exchange.test.ts'],
  },
  {
    name: 'doubles-race',
    stands: 'B2: two copies of one mutation at once are both written',
    file: MEMORY_TX,
    edits: [
      [
        'if ((before && !isStrangersDiscard(before, user)) || this.#applied.has(id)) {',
        'if (before && before.id !== id && !isStrangersDiscard(before, user)) {',
      ],
    ],
    by: ['packages/server/src/memory/memory-store.test.ts'],
  },
  {
    name: 'fingerprint-ignored',
    stands: 'B3: other content under an id that was used gets its answer',
    file: 'packages/server/src/decide/decide-transaction.ts',
    edits: [['row.fingerprint === fingerprint(mutation);', 'row.id === mutation.id;']],
    by: ['packages/server/src/decide/decide-exchange.test.ts'],
  },
  {
    name: 'batch-fails-as-one',
    stands: 'B4: one transaction that the database does not take refuses all of the message',
    file: 'packages/server/src/exchange/push.ts',
    edits: [
      [
        'return pushSingly(tx, context, known, transactions);',
        'return { receipts: [], held: request.mutations.map(({ id }) => id), faults };',
      ],
      ['async function pushSingly(', 'export async function pushSingly('],
    ],
    by: ['packages/server/src/exchange/push.test.ts'],
  },
  {
    name: 'poison-blocks-its-lane',
    stands: 'B5: what the database never takes is held for ever',
    file: 'packages/server/src/exchange/push.ts',
    edits: [
      [
        'const refusals = refuseTransaction(context, transaction, written.error.detail);',
        'left.push(transaction);\n        if (left.length > 0) continue;\n        const refusals = refuseTransaction(context, transaction, written.error.detail);',
      ],
    ],
    by: ['packages/server/src/exchange/push.test.ts'],
  },
  {
    name: 'refused-is-dropped',
    stands: 'B6, WR8: a refusal lets its entry go',
    file: 'packages/device/src/sync/settle.ts',
    edits: [["return outcome === 'conflict' || outcome === 'refused';", "return outcome === 'conflict';"]],
    by: ['packages/device/src/sync/settle.test.ts'],
  },
  {
    name: 'priority-without-inheritance',
    stands: 'B9: what is needed keeps its own low priority',
    file: 'packages/device/src/outbox/choose-batch.ts',
    edits: [['if (theirs !== undefined && theirs > own)', 'if (theirs !== undefined && theirs < own)']],
    by: ['packages/device/src/outbox/choose-batch.test.ts'],
  },
  {
    name: 'child-sent-before-parent',
    stands: 'B9, OB2: the batch goes by priority alone',
    file: 'packages/device/src/outbox/choose-batch.ts',
    edits: [['answerOf(dependency.state) === null && !taken.has(dependency.transaction)', 'dependency.seq < 0']],
    by: ['packages/device/src/outbox/choose-batch.test.ts'],
  },
  {
    name: 'outbox-apart-from-record',
    stands: 'B10, WR1: the entry is committed before what it changes',
    file: 'packages/device/src/write/commit-write.ts',
    edits: [
      [
        'await appendEntry(tx, entry, refersTo, state);',
        "await appendEntry(tx, entry, refersTo, state);\n    await tx.run('COMMIT');\n    await tx.run('BEGIN IMMEDIATE');",
      ],
    ],
    by: ['packages/testkit/src/crash/run-crash.test.ts'],
  },
  {
    name: 'fold-into-sent',
    stands: 'B11, OB6: a change is folded into an entry that may have left',
    file: 'packages/device/src/outbox/fold.ts',
    edits: [
      [
        "if (entry.sent || entry.state.at !== 'pending' || entry.resolves.length > 0) return null;",
        'if (entry.resolves.length > 0) return null;',
      ],
    ],
    by: ['packages/device/src/write/outbox-writes.test.ts'],
  },
  {
    name: 'acknowledged-before-durable',
    stands: 'B12, F3: a commit is acknowledged before the disk has it',
    file: 'packages/device/src/platform/browser/browser-storage-driver.ts',
    edits: [["'PRAGMA synchronous=EXTRA'", "'PRAGMA synchronous=OFF'"]],
    by: ['packages/testkit/src/crash/run-crash.test.ts'],
  },
  {
    name: 'journal-comes-back',
    stands: 'B12: the end of a commit is not flushed, and a power cut undoes it',
    file: 'packages/device/src/platform/browser/browser-storage-driver.ts',
    edits: [["'PRAGMA synchronous=EXTRA'", "'PRAGMA synchronous=FULL'"]],
    by: ['packages/testkit/src/crash/run-crash.test.ts'],
  },
  {
    name: 'retries-without-jitter',
    stands: 'B13: all devices come back at once',
    file: 'packages/device/src/link/backoff.ts',
    edits: [['options.floorMs + chance * (cap - options.floorMs)', 'cap']],
    by: ['packages/device/src/link/backoff.test.ts'],
  },
  {
    name: 'retry-after-ignored',
    stands: 'B13: a busy server is asked before it said',
    file: 'packages/device/src/link/backoff.ts',
    edits: [['retryAfterMs ?? 0)', '0 * (retryAfterMs ?? 0))']],
    by: ['packages/device/src/link/backoff.test.ts'],
  },
  {
    name: 'too-large-for-ever',
    stands: 'B14: a batch that is too large is sent again as it is',
    file: SYNC_LOOP,
    edits: [['part = smallerPart(sent, transactions);', 'part = part ?? Math.max(sent, transactions);']],
    by: ['packages/device/src/engine/engine.test.ts'],
  },
  {
    name: 'device-of-another-user',
    stands: 'B15, H2: whoever names a device id may use it',
    file: MEMORY_TX,
    edits: [["if (met !== undefined && met.user !== user) return 'taken';", '']],
    by: ['packages/server/src/exchange/create-exchange.test.ts'],
  },
  {
    name: 'deadlock-as-answer',
    stands: 'B16: a deadlock is not repeated',
    file: 'packages/server/src/sql/repeat.ts',
    edits: [
      ["const REPEATED = new Set(['40P01', '40001', '55P03']);", "const REPEATED = new Set(['40001', '55P03']);"],
    ],
    by: ['packages/server/src/sql/repeat.test.ts'],
  },
  {
    name: 'captive-portal-as-success',
    stands: 'G1: a page of the café is an answer',
    file: 'packages/device/src/link/read-answer.ts',
    edits: [
      ['if (!isOurs(response)) {', 'if (!isOurs(response) && response.status === 0) {'],
      [
        "if ('problem' in parsed) return { type: 'down', detail: `a body that is cut or broken (${parsed.problem})` };",
        "if ('problem' in parsed) return { type: 'rejected', code: 'Unknown', detail: body, speaksOf: 'content' };",
      ],
    ],
    by: ['packages/device/src/link/read-answer.test.ts'],
  },
  {
    name: 'late-answer-taken',
    stands: 'G3: an answer to a state that is no more is taken in',
    file: 'packages/device/src/sync/apply-response.ts',
    edits: [['if (state.generation !== context.generation) return null;', 'if (context.generation < 0) return null;']],
    by: ['packages/device/src/sync/apply-response.test.ts'],
  },
  {
    name: 'no-deadline',
    stands: 'G4: what is waited for is waited for without an end',
    file: 'packages/device/src/link/within.ts',
    edits: [['cancel = timers.after(ms, () =>', 'cancel = timers.after(ms * 1e6, () =>']],
    by: ['packages/device/src/link/http-backend.test.ts'],
  },
  {
    name: '401-as-refusal',
    stands: 'G5: an expired token counts as a refusal',
    file: 'packages/device/src/link/answer-class.ts',
    edits: [["401: 'needs-auth',", "401: 'malformed',"]],
    by: ['packages/device/src/link/answer-class.test.ts'],
  },
  {
    name: 'sent-entry-forgotten',
    stands: 'OB8: what was being sent when the device died is never sent again',
    file: 'packages/device/src/outbox/choose-batch.ts',
    edits: [
      ["    case 'pending':\n    case 'sending':\n      return true;", "    case 'pending':\n      return true;"],
    ],
    by: ['packages/device/src/outbox/choose-batch.test.ts'],
  },
  {
    name: 'answer-to-another-copy',
    stands: 'B7: the answer to a copy of the store settles what this one never sent',
    file: 'packages/device/src/sync/apply-response.ts',
    edits: [
      [
        'const receipt = entry.sent || sent.has(id) ? receipts.get(id) : undefined;',
        'const receipt = receipts.get(id);',
      ],
    ],
    by: ['packages/device/src/engine/surprising-answers.test.ts'],
  },
  {
    name: 'place-of-two',
    stands: 'SY11: of two entries that had the same place one comes back in a new epoch',
    file: 'packages/device/src/outbox/outbox-store.ts',
    edits: [
      [
        '`INSERT INTO hf_outbox (seq, id, txn, user, kind, collection, record, schema, previous, needs, body, stamp, priority, made_at, sent, tries, state)\n     VALUES (${NEXT_SEQ},',
        '`INSERT OR IGNORE INTO hf_outbox (seq, id, txn, user, kind, collection, record, schema, previous, needs, body, stamp, priority, made_at, sent, tries, state)\n     VALUES (${entry.seq},',
      ],
    ],
    by: ['packages/device/src/engine/surprising-answers.test.ts'],
  },
  {
    name: 'folded-beyond-the-limit',
    stands: 'B14: an entry grows by folding until no exchange can carry it',
    file: 'packages/device/src/write/commit-write.ts',
    edits: [
      [
        'const folded = taken === null || tooLarge([{ ...taken.into, content: taken.content }]) !== null ? null : taken;',
        'const folded = taken;',
      ],
    ],
    by: ['packages/device/src/write/outbox-writes.test.ts'],
  },
];
