import {
  type CatchUp,
  type ErrorCode,
  type ExchangeRequest,
  limits,
  type Mutation,
  PROTOCOL_VERSION,
  RECORD_ID_PATTERN,
  type Schema,
  type Snapshot,
} from '@holdfast/core';

/** Why a request is not answered at all. Nothing of it was applied. */
export interface RequestProblem {
  readonly code: ErrorCode;
  readonly detail?: string;
}

/** What the message shapes cannot say: versions, counts, and text that would break further inside. */
export function requestProblem(request: ExchangeRequest, schema: Schema): RequestProblem | null {
  if (request.protocol !== PROTOCOL_VERSION) {
    return { code: 'UnsupportedProtocol', detail: `the server speaks ${PROTOCOL_VERSION}` };
  }
  const newest = request.mutations.reduce((version, each) => Math.max(version, each.schema), request.schema);
  if (newest > schema.version) return { code: 'UnknownSchema', detail: `the server has version ${schema.version}` };
  return cursorProblem(request) ?? mutationsProblem(request.mutations);
}

function cursorProblem({ cursor, catchUp, ack }: ExchangeRequest): RequestProblem | null {
  const snapshots = [cursor?.snapshot, catchUp?.since?.snapshot, catchUp?.first.snapshot, catchUp?.part, ack.floor];
  if (!snapshots.every((snapshot) => snapshot === undefined || snapshot === null || isWellFormed(snapshot))) {
    return { code: 'MalformedRequest', detail: 'a snapshot that no server made' };
  }
  if (catchUp !== null && !isRow(catchUp)) return { code: 'MalformedRequest', detail: 'catchUp.after' };
  return null;
}

/** Its transactions under way stand between its bounds, in order: databases refuse to read others. */
function isWellFormed(snapshot: Snapshot): boolean {
  const [xmin = '', xmax = '', running = ''] = snapshot.split(':');
  const to = BigInt(xmax);
  let least = BigInt(xmin);
  if (least > to) return false;
  for (const text of running === '' ? [] : running.split(',')) {
    const xid = BigInt(text);
    if (xid < least || xid >= to) return false;
    least = xid;
  }
  return true;
}

/** The row a page ended with is one of a scope that was being read. */
function isRow({ after, first }: CatchUp): boolean {
  return after === null || (RECORD_ID_PATTERN.test(after[2]) && first.scopes.some((scope) => scope === after[1]));
}

function mutationsProblem(mutations: readonly Mutation[]): RequestProblem | null {
  const size = new Map<string, number>();
  const ids = new Set<string>();
  const bytes = new Map<string, number>();
  const named = new Set<string>();
  for (const mutation of mutations) {
    const members = (size.get(mutation.transaction) ?? 0) + 1;
    size.set(mutation.transaction, members);
    if (members > limits.transactionMutations) {
      return { code: 'RequestTooLarge', detail: `more than ${limits.transactionMutations} mutations in a transaction` };
    }
    const sum = (bytes.get(mutation.transaction) ?? 0) + Buffer.byteLength(JSON.stringify(mutation));
    bytes.set(mutation.transaction, sum);
    // Half as much again: a device counts before it knows what the transaction will wait for.
    if (sum > 1.5 * limits.transactionBytes) {
      return { code: 'RequestTooLarge', detail: `more than ${limits.transactionBytes} bytes in a transaction` };
    }
    if (ids.has(mutation.id)) return { code: 'MalformedRequest', detail: `mutation ${mutation.id} stands twice` };
    ids.add(mutation.id);
    for (const list of [mutation.after, mutation.needs, mutation.resolves]) for (const id of list) named.add(id);
    if (named.size > limits.namedIds) {
      return { code: 'RequestTooLarge', detail: `more than ${limits.namedIds} mutations named` };
    }
  }
  return null;
}
