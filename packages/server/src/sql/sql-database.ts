/**
 * The little of a database that the store needs, alike over `pg` and over PGlite. Parameters are text,
 * numbers, booleans, null or arrays of text; JSON goes in as text and is cast in the statement.
 */
export type SqlParameter = string | number | boolean | null | readonly string[];

export interface SqlResult {
  /** Whole numbers come as numbers, dates as text, JSON parsed; never a bigint (hazard F12). */
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** How many rows the statement wrote. */
  readonly affected: number;
}

/** Runs statements one after the other in one session. */
export interface SqlSession {
  query(text: string, parameters?: readonly SqlParameter[]): Promise<SqlResult>;
  /** Several statements without parameters, in one round trip. */
  script(text: string): Promise<void>;
}

export interface SqlDatabase {
  readonly kind: 'pglite' | 'postgres';
  /** One statement by itself, with a snapshot of its own. */
  query(text: string, parameters?: readonly SqlParameter[]): Promise<SqlResult>;
  /** READ COMMITTED. Commits when `work` resolves, rolls back when it throws. */
  transaction<T>(work: (session: SqlSession) => Promise<T>): Promise<T>;
  /** Hears the channel until `close`, over broken links too; what is said meanwhile is missed. */
  listen(channel: string, onPayload: (payload: string) => void): Promise<void>;
  close(): Promise<void>;
}

/** The five characters by which SQL names an error; null for one that is not from the database. */
export function sqlState(error: unknown): string | null {
  if (typeof error !== 'object' || error === null || !('code' in error)) return null;
  const { code } = error;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : null;
}

/** `BEGIN` as every transaction of ours has it; a context that a pooled session kept is not believed. */
export const BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL hf.ctx = ''";
