import { type ErrorCode, HoldfastError } from '@holdfast/core';

const CODES: Readonly<Record<string, ErrorCode>> = {
  ENOSPC: 'StoreFull',
  EDQUOT: 'StoreFull',
  EACCES: 'DataFolderReadOnly',
  EPERM: 'DataFolderReadOnly',
  EROFS: 'DataFolderReadOnly',
  ENOENT: 'DataFolderReadOnly',
  ENOTDIR: 'DataFolderReadOnly',
};

/** The error to throw on in place of one that the file system gave. */
export function toFileError(cause: unknown): unknown {
  if (!(cause instanceof Error) || !('code' in cause) || typeof cause.code !== 'string') return cause;
  const code = CODES[cause.code];
  return code === undefined ? cause : new HoldfastError(code, cause.message, { cause });
}

export function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
