import { type ErrorCode, HoldfastError } from '@holdfast/core';

/** When it went wrong: before the key has proven right, or on a store that is open. */
export type StoreMoment = 'opening' | 'open';

/**
 * What a result code of SQLite (its name, extended or not) means for whoever uses the store; null for
 * mistakes in the statement itself, which are bugs and pass as they are.
 */
export function storeErrorCode(sqliteCode: string, moment: StoreMoment): ErrorCode | null {
  const primary = sqliteCode.split('_').slice(0, 2).join('_');
  switch (primary) {
    case 'SQLITE_NOTADB':
      return moment === 'opening' ? 'WrongKey' : 'StoreDamaged';
    case 'SQLITE_CORRUPT':
    case 'SQLITE_IOERR':
      return 'StoreDamaged';
    case 'SQLITE_FULL':
      return 'StoreFull';
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
    case 'SQLITE_PROTOCOL':
      return 'StoreBusy';
    case 'SQLITE_READONLY':
    case 'SQLITE_CANTOPEN':
    case 'SQLITE_PERM':
      return 'DataFolderReadOnly';
    default:
      return null;
  }
}

/** The error to throw on in place of `cause`, which SQLite reported under `sqliteCode`. */
export function toStoreError(cause: unknown, sqliteCode: string, moment: StoreMoment): unknown {
  const code = storeErrorCode(sqliteCode, moment);
  return code === null ? cause : new HoldfastError(code, sqliteCode, { cause });
}
