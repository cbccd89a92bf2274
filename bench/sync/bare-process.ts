import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type Database from 'better-sqlite3-multiple-ciphers';
import type { BenchVisit } from '../lib/bench-schema.ts';
import { answerCalls } from '../lib/calls.ts';
import { BARE_INSERT, createBareTables, openBare, visitToRow } from '../node/bare.ts';

const compress = promisify(gzip);

let db: Database.Database | null = null;
let url = '';

const opened = () => {
  if (db === null) throw new Error('the bare store is not open');
  return db;
};

async function fetchRows(query: string): Promise<unknown> {
  const answer = await fetch(`${url}/bare/rows${query}`);
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
}

// The floor of each work: the same rows over the same link as one gzip JSON body, into the same kind of file.
const calls = {
  open(folder: string, server: string) {
    url = server;
    db = openBare(join(folder, `bare-${process.pid}.db`));
    createBareTables(db);
  },
  async openAndFill(folder: string, server: string) {
    const before = performance.now();
    calls.open(folder, server);
    await calls.fill();
    return performance.now() - before;
  },
  async fill() {
    const rows = (await fetchRows('')) as (BenchVisit & { id: string })[];
    const insert = opened().prepare(BARE_INSERT);
    opened().transaction(() => {
      for (const row of rows) insert.run(visitToRow(row.id, row));
    })();
    return rows.length;
  },
  /** Sends rows that wait, and forgets them. Milliseconds, and the bytes of their gzip JSON. */
  async push(rows: readonly (BenchVisit & { id: string })[]) {
    const add = opened().prepare('INSERT INTO outbox (body) VALUES (?)');
    opened().transaction(() => {
      for (const row of rows) add.run(JSON.stringify(row));
    })();
    const before = performance.now();
    const waiting = opened().prepare('SELECT body FROM outbox ORDER BY seq').all() as { body: string }[];
    const body = await compress(`[${waiting.map((one) => one.body).join(',')}]`);
    const answer = await fetch(`${url}/bare/rows`, { method: 'POST', body: new Uint8Array(body) });
    if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
    await answer.json();
    opened().prepare('DELETE FROM outbox').run();
    return { ms: performance.now() - before, bytes: body.length };
  },
  /** Reads what has changed since, and writes it down. Milliseconds. */
  async pull(since: number) {
    const before = performance.now();
    const rows = (await fetchRows(`?since=${since}`)) as { id: string; minutes: number }[];
    const update = opened().prepare('UPDATE visits SET minutes = ? WHERE id = ?');
    opened().transaction(() => {
      for (const { id, minutes } of rows) update.run(minutes, id);
    })();
    return { ms: performance.now() - before, rows: rows.length };
  },
  peak: () => process.resourceUsage().maxRSS / 1024,
};

export type BareCalls = typeof calls;

answerCalls(calls, () => {
  db?.close();
});
