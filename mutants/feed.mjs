/** Reading: what a cursor holds, what a page brings, who is in which scope. */
const MEMORY_STORE = 'packages/server/src/memory/memory-store.ts';
const MEMORY_FEED = 'packages/server/src/memory/memory-feed.ts';
const SCOPE_FEED = 'packages/server/src/memory/scope-feed.ts';
const TABLES = 'packages/server/src/memory/memory-tables.ts';
const READ_FEED = 'packages/server/src/sql/read-feed.ts';
const FEED_STATEMENT = 'packages/server/src/sql/feed-statement.ts';
const PLAN = 'packages/server/src/feed/plan-catch-up.ts';

export const feedMutants = [
  {
    name: 'cursor-by-sequence-only',
    stands: 'A1, A2: what was still running when the cursor was read counts as seen',
    file: 'packages/server/src/memory/transaction-log.ts',
    edits: [['(xid < to && !under.has(xid))', 'xid < to']],
    by: ['packages/server/src/memory/memory-store.test.ts'],
  },
  {
    name: 'cursor-by-sequence-only-sql',
    stands: 'A1, A2, in SQL',
    file: READ_FEED,
    edits: [['running: [...new Set(below)]', 'running: below.slice(0, 0)']],
    by: ['packages/server/src/sql/races.pg.test.ts'],
  },
  {
    name: 'receipt-before-its-effect',
    stands: 'A1 on the device: a receipt of a transaction that was still running takes effect',
    file: 'packages/core/src/version/snapshot.ts',
    edits: [["return !running.split(',').includes(position);", 'return running.length >= 0;']],
    by: ['packages/core/src/version/snapshot.test.ts'],
  },
  {
    name: 'watermark-instead-of-snapshot',
    stands: 'A4, A15: rows above the oldest running transaction are left for later',
    file: MEMORY_FEED,
    edits: [
      ['  request: FeedRequest,\n): Pick<', '  request: FeedRequest,\n  below: number,\n): Pick<'],
      ['const feed = readFeed(tables, request);', 'const feed = readFeed(tables, request, below);'],
      [
        'function readFeed(tables: MemoryTables, request: FeedRequest): Pick',
        'function readFeed(tables: MemoryTables, request: FeedRequest, below: number): Pick',
      ],
      ['if (at !== undefined && (after === null', 'if (at !== undefined && entry.xid < below && (after === null'],
      [
        'const read = readMemory(tables, request);',
        'const below = log.oldest();\n      const read = readMemory(tables, request, below);',
        MEMORY_STORE,
      ],
      [
        'return { snapshot: log.snapshot(), epoch, horizon,',
        'return { snapshot: `${below}:${below}:` as Snapshot, epoch, horizon,',
        MEMORY_STORE,
      ],
      // What a watermark has seen is no beginning of the order of commits.
      ['if (seen(line.entry.xid)) return;', 'if (seen(line.entry.xid)) continue;', SCOPE_FEED],
    ],
    by: ['packages/server/src/memory/memory-store.test.ts'],
  },
  {
    name: 'watermark-instead-of-snapshot-sql',
    stands: 'A4, A15, in SQL',
    file: FEED_STATEMENT,
    edits: [
      [
        'SELECT pg_current_snapshot()::text AS snapshot',
        "SELECT (SELECT pg_snapshot_xmin(s)::text || ':' || pg_snapshot_xmin(s)::text || ':' FROM pg_current_snapshot() s) AS snapshot",
      ],
      ['AND ${condition} OFFSET 0', 'AND ${condition} AND f.xid < pg_snapshot_xmin(pg_current_snapshot()) OFFSET 0'],
    ],
    by: ['packages/server/src/sql/races.pg.test.ts'],
  },
  {
    name: 'page-ceiling-as-progress',
    stands: 'A6: what did not fit into a page counts as read',
    file: 'packages/server/src/exchange/pull.ts',
    edits: [['const ended = taken === read.rows.length && !read.more;', 'const ended = !read.more;']],
    by: ['packages/server/src/exchange/pull.test.ts'],
  },
  {
    name: 'server-put-back-unnoticed',
    stands: 'A7, A8: a cursor ahead of the server reads on as if nothing were',
    file: 'packages/server/src/exchange/pull.ts',
    edits: [
      [
        'seen.some((snapshot) => snapshot !== undefined && isAhead(snapshot, read.snapshot));',
        'seen.some((snapshot) => snapshot !== undefined && isAhead(snapshot, snapshot));',
      ],
    ],
    by: ['packages/server/src/exchange/pull.test.ts'],
  },
  {
    name: 'history-put-back-unnoticed-on-device',
    stands: 'A8: the device does not see that the server knows less than it did',
    file: 'packages/device/src/sync/apply-response.ts',
    edits: [['response.epoch !== state.epoch || wentBack(state, response)', 'response.epoch !== state.epoch']],
    by: ['packages/device/src/engine/surprising-answers.test.ts'],
  },
  {
    name: 'no-back-fill',
    stands: 'A10: of a scope that was gained only changes are sent',
    file: MEMORY_FEED,
    edits: [
      [
        'yield* held.has(scope) ? feed.changes(seen) : feed.present();',
        'yield* held.size > 0 ? feed.changes(seen) : feed.present();',
      ],
    ],
    by: ['packages/server/src/memory/memory-store.test.ts'],
  },
  {
    name: 'no-remove-on-leave',
    stands: 'A11: those who held a record that left their scope are not told',
    file: TABLES,
    edits: [['if (!entry.present || now.has(entry.scope)) continue;', 'if (entry.scope !== undefined) continue;']],
    by: ['packages/server/src/memory/memory-store.test.ts'],
  },
  {
    name: 'torn-checkpoint',
    stands: 'A12: pages are shown as they come',
    file: 'packages/device/src/sync/apply-response.ts',
    edits: [
      [
        '  if (response.cursor === null) {\n    await stage(tx, next, response, context.bytes);',
        '  if (response.cursor === null) {\n    await applyGroups(tx, context.schema, response.pages.flatMap((page) => page.groups), new Set());\n    await stage(tx, next, response, context.bytes);',
      ],
      [
        "import { checkpoint } from './checkpoint.ts';",
        "import { applyGroups } from './apply-groups.ts';\nimport { checkpoint } from './checkpoint.ts';",
      ],
    ],
    by: ['packages/device/src/engine/engine.test.ts'],
  },
  {
    name: 'divergence-unnoticed',
    stands: 'A13: a change of a record that is not here is passed over',
    file: 'packages/device/src/sync/checkpoint.ts',
    edits: [
      ["if (applied.missing) throw new Diverged('a change came for a record that is not on this device');\n", ''],
    ],
    by: ['packages/device/src/engine/surprising-answers.test.ts'],
  },
  {
    name: 'old-answer-taken',
    stands: 'A14: an answer to another request counts',
    file: 'packages/device/src/link/read-answer.ts',
    edits: [['if (answer.data.nonce !== request.nonce)', 'if (answer.data.nonce === undefined)']],
    by: ['packages/device/src/link/read-answer.test.ts'],
  },
  {
    name: 'child-inserted-while-parent-moves',
    stands: 'A16: the parent of what is inserted is not held',
    file: 'packages/server/src/memory/memory-transaction.ts',
    edits: [
      ["for (const { collection, id } of parents) wanted.set(recordKey(collection, id), 'shared');\n", ''],
      ["if (!wanted.has(parent)) inherited.set(parent, 'shared');", 'if (parent === undefined) continue;'],
    ],
    by: ['packages/server/src/memory/memory-store.test.ts'],
  },
  {
    name: 'child-inserted-while-parent-moves-sql',
    stands: 'A16, in SQL: no key share on the parent',
    file: 'packages/server/src/sql/shared-functions.ts',
    edits: [
      [
        "EXECUTE 'SELECT FROM ' || parent || ' WHERE id = ANY($1) ORDER BY id FOR KEY SHARE' USING ids;",
        "EXECUTE 'SELECT FROM ' || parent || ' WHERE id = ANY($1) ORDER BY id' USING ids;",
      ],
      [
        "EXECUTE 'SELECT FROM ' || parent || ' WHERE id = ANY($1) ORDER BY id FOR KEY SHARE' USING missing;",
        "EXECUTE 'SELECT FROM ' || parent || ' WHERE id = ANY($1) ORDER BY id' USING missing;",
      ],
    ],
    by: ['packages/server/src/sql/races.pg.test.ts'],
  },
  {
    name: 'delta-to-who-does-not-hold-it',
    stands: 'postgres.md, reading rule 2: a record that came into the scope after the cursor is sent as a delta',
    file: 'packages/server/src/feed/build-page.ts',
    edits: [['held.has(row.scope) && holds(since.snapshot, row.entered);', 'held.has(row.scope);']],
    by: ['packages/server/src/feed/build-page.test.ts'],
  },
  {
    name: 'no-repeated-round',
    stands: 'postgres.md, reading rule 4: the last page of several ends the catch-up',
    file: PLAN,
    edits: [
      [
        'return { cursor: null, catchUp: { since: first, first, after: null, part: null, told: null } };',
        'return { cursor: here, catchUp: null };',
      ],
    ],
    by: ['packages/server/src/feed/plan-catch-up.test.ts', 'packages/server/src/exchange/exchange-histories.test.ts'],
  },
  {
    name: 'round-goes-on-over-changed-scopes',
    stands: 'postgres.md, reading rule 5: a catch-up goes on though the scopes are others',
    file: PLAN,
    edits: [["if (!isSameSet(catchUp.first.scopes, scopes)) return { kind: 'again' };\n", '']],
    by: ['packages/server/src/feed/plan-catch-up.test.ts'],
  },
  {
    name: 'keepEntered',
    stands: 'decide.md [keepEntered]: what is brought back keeps the day it first came',
    file: TABLES,
    edits: [['if (enters) entry.entered = xid;', 'if (enters && entry.turn === 0) entry.entered = xid;']],
    by: ['packages/server/src/memory/memory-store.test.ts'],
  },
];
