import Database from 'better-sqlite3-multiple-ciphers';
import type { BenchVisit } from '../lib/bench-schema.ts';

/** The floor: bare better-sqlite3 with the cipher, journal and durability of a device's store. */
export function openBare(file: string): Database.Database {
  const db = new Database(file);
  db.pragma(`cipher='sqlcipher'`);
  db.pragma('legacy=4');
  db.pragma(`key="x'${'ab'.repeat(32)}${'cd'.repeat(16)}'"`);
  db.pragma('journal_mode=WAL');
  db.pragma('synchronous=FULL');
  return db;
}

const COLUMNS = [
  'mentor',
  'day',
  'person',
  'address',
  'reason',
  'systolic',
  'weight',
  'minutes',
  'done',
  'note',
] as const;

export const BARE_INSERT = `INSERT INTO visits VALUES (?, ${COLUMNS.map(() => '?').join(', ')})`;

export function createBareTables(db: Database.Database): void {
  db.exec(`CREATE TABLE IF NOT EXISTS visits (id TEXT PRIMARY KEY, mentor TEXT, day TEXT, person TEXT, address TEXT, reason TEXT,
      systolic INTEGER, weight REAL, minutes INTEGER, done INTEGER, note TEXT) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS visits_0 ON visits (mentor, day);
    CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);`);
}

export function visitToRow(id: string, visit: BenchVisit): (string | number)[] {
  return [id, ...COLUMNS.map((name) => (name === 'done' ? Number(visit.done) : visit[name]))];
}

/** Writes a record and its outbox entry in one durable transaction. */
export function bareWriter(file: string): { write(id: string, visit: BenchVisit): void; close(): void } {
  const db = openBare(file);
  createBareTables(db);
  const row = db.prepare(BARE_INSERT);
  const entry = db.prepare('INSERT INTO outbox (body) VALUES (?)');
  return {
    write: db.transaction((id: string, visit: BenchVisit) => {
      row.run(visitToRow(id, visit));
      entry.run(JSON.stringify({ id, ...visit }));
    }),
    close: () => db.close(),
  };
}
