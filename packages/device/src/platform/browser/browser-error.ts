import { HoldfastError } from '@holdfast/core';
import { SQLiteError } from '@journeyapps/wa-sqlite';
import { type StoreMoment, toStoreError } from '../sqlite/store-error.ts';

const SQLITE_NAMES: Readonly<Record<number, string>> = {
  3: 'SQLITE_PERM',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  8: 'SQLITE_READONLY',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  15: 'SQLITE_PROTOCOL',
  26: 'SQLITE_NOTADB',
};

/** The error to throw on in place of what SQLite or the browser's storage threw. */
export function toBrowserStoreError(error: unknown, moment: StoreMoment): unknown {
  if (error instanceof SQLiteError) {
    const primary = Number(error.code) & 0xff;
    return toStoreError(error, SQLITE_NAMES[primary] ?? '', moment);
  }
  if (!(error instanceof DOMException)) return error;
  switch (error.name) {
    case 'NoModificationAllowedError':
    case 'InvalidStateError':
    case 'AbortError':
      return busy(error);
    case 'QuotaExceededError':
      return new HoldfastError('StoreFull', error.name, { cause: error });
    case 'NotFoundError':
      return new HoldfastError('StoreDamaged', 'the browser has removed the files', { cause: error });
    default:
      return error;
  }
}

function busy(cause: Error): HoldfastError {
  return new HoldfastError('StoreBusy', cause.message, { cause });
}
