import Database from 'better-sqlite3-multiple-ciphers';

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

export function createBareTables(db: Database.Database): void {
  db.exec(`CREATE TABLE visits (id TEXT PRIMARY KEY, mentor TEXT, day TEXT, person TEXT, minutes INTEGER, done INTEGER, note TEXT) WITHOUT ROWID;
    CREATE INDEX visits_0 ON visits (mentor, day);
    CREATE TABLE outbox (seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT NOT NULL);`);
}
