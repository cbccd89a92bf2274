import { type ErrorCode, type FieldIssue, HoldfastError, InvalidWrite } from '@holdfast/core';
import { transferHandlers } from 'comlink';

interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: ErrorCode | null;
  readonly detail: string | null;
  readonly issues: readonly FieldIssue[] | null;
}

interface Thrown {
  readonly value: unknown;
}

function toSent(value: unknown): SentError {
  const error = value instanceof Error ? value : new Error(String(value));
  return {
    name: error.name,
    message: error.message,
    stack: error.stack,
    code: error instanceof HoldfastError ? error.code : null,
    detail: error instanceof HoldfastError ? (error.detail ?? null) : null,
    issues: error instanceof InvalidWrite ? error.issues : null,
  };
}

function fromSent(sent: SentError): Error {
  if (sent.issues !== null) return new InvalidWrite(sent.issues);
  if (sent.code !== null) return new HoldfastError(sent.code, sent.detail ?? undefined);
  return Object.assign(new Error(sent.message), { name: sent.name, stack: sent.stack });
}

/**
 * Lets errors of the catalogue cross between page and worker as what they are, with code and issues.
 * To be called on both sides before anything else.
 */
export function installErrorTransfer(): void {
  const plain = transferHandlers.get('throw');
  if (plain === undefined) throw new Error('comlink has no handler for thrown values');
  transferHandlers.set('throw', {
    canHandle: plain.canHandle,
    serialize: (thrown: Thrown) => [toSent(thrown.value), []],
    deserialize: (sent: SentError) => {
      throw fromSent(sent);
    },
  });
}
