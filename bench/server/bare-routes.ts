import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import type { SqlDatabase } from '../../packages/server/src/sql/sql-database.ts';

const expand = promisify(gunzip);
const compress = promisify(gzip);

const FIELDS = ['mentor', 'day', 'person', 'address', 'reason', 'systolic', 'weight', 'minutes', 'done', 'note'];
const SHAPE =
  'id text, mentor text, day date, person text, address text, reason text, systolic bigint, weight double precision, minutes bigint, done boolean, note text';
const COLUMNS = ['id', ...FIELDS].join(', ');

/** The table that a server without sync would have: the same rows, and when each was changed last. */
export async function createBareTable(db: SqlDatabase): Promise<void> {
  await db.query('CREATE SCHEMA bare');
  await db.query(`CREATE TABLE bare.visits (${SHAPE}, changed bigint NOT NULL DEFAULT 0, PRIMARY KEY (id))`);
  await db.query('CREATE INDEX ON bare.visits (changed)');
}

export async function insertBare(db: SqlDatabase, rowsAsJson: string): Promise<void> {
  await db.query(
    `INSERT INTO bare.visits (${COLUMNS}) SELECT ${COLUMNS} FROM jsonb_to_recordset($1::jsonb) p(${SHAPE})`,
    [rowsAsJson],
  );
}

/**
 * The floor over the link: rows as one gzip JSON body, in by one statement and out by one. Gzip as it
 * comes, level 6.
 */
export function bareRoutes(db: SqlDatabase): (request: Request) => Promise<Response | null> {
  return async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname !== '/bare/rows') return null;
    if (request.method === 'POST') {
      const rows = (await expand(Buffer.from(await request.arrayBuffer()))).toString();
      await insertBare(db, rows);
      return answer('{"ok":true}');
    }
    const since = searchParams.get('since');
    const rows =
      since === null
        ? await db.query(`SELECT coalesce(json_agg(r), '[]')::text AS body FROM (SELECT ${COLUMNS} FROM bare.visits) r`)
        : await db.query(
            `SELECT coalesce(json_agg(r), '[]')::text AS body
             FROM (SELECT id, minutes FROM bare.visits WHERE changed > $1) r`,
            [Number(since)],
          );
    return answer(String(rows.rows[0]?.['body']));
  };
}

async function answer(body: string): Promise<Response> {
  return new Response(new Uint8Array(await compress(body)), {
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  });
}
