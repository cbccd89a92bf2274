import {
  type CreateMutation,
  type Epoch,
  type ExchangeRequest,
  type ExchangeResponse,
  type JsonObject,
  type Mutation,
  type MutationId,
  type Page,
  type Position,
  PROTOCOL_VERSION,
  type Receipt,
  type Schema,
  type Scope,
  type Snapshot,
} from '@holdfast/core';
import {
  type Backend,
  type ExchangeResult,
  type IdentityContext,
  type RecordMapping,
  translateMutation,
} from '@holdfast/device';
import type { CreatePromise, RestRecord, RestServer } from './rest-server.ts';

const EPOCH = 'simulated0001' as Epoch;
const SCOPE = 'everything' as Scope;
const NOBODY_TOLD: IdentityContext = { mapped: [], resent: [] };

/** What happens to one request on its way to the API and back. */
export type Fate = 'arrives' | 'no-link' | 'lost-there' | 'lost-back' | 'killed-before' | 'killed-after';

/** What a history does to the way between a device and the API. */
export interface RestLink {
  /** Asked for each request in turn. */
  fate(): Fate;
  /** Sends nothing this time, only reads: what was made and not answered comes back as a record of others. */
  readsOnly(): boolean;
  /** Reads up to here at most, so that receipts come before their effect: a share of what is new. */
  share(): number;
  /** Gives what is new in two answers. */
  splits(): boolean;
  kill(): void;
}

class Lost extends Error {}
class NoLink extends Error {}

/**
 * The Backend port over an API that assigns ids, as an adapter does it: one request for each mutation, and a
 * decision of its own what may be sent a second time (ID5).
 */
export function restBackend(schema: Schema, server: RestServer, promise: CreatePromise, link: RestLink): Backend {
  const call = async <T>(work: () => T): Promise<T> => {
    await Promise.resolve();
    const fate = link.fate();
    if (fate === 'no-link') throw new NoLink();
    if (fate === 'lost-there') throw new Lost();
    if (fate === 'killed-before') return killed(link);
    const result = work();
    await Promise.resolve();
    if (fate === 'lost-back') throw new Lost();
    if (fate === 'killed-after') return killed(link);
    return result;
  };

  return {
    identity: 'assigned',
    live: (_onNews, signal) =>
      new Promise((resolve) => signal.addEventListener('abort', () => resolve('never-open'), { once: true })),
    async exchange(request, _signal, { identity = NOBODY_TOLD }): Promise<ExchangeResult> {
      const push = createPush(schema, server, promise, identity, call);
      const readsOnly = link.readsOnly();
      try {
        if (!readsOnly) await push.send(request.mutations);
        const pulled = await call(() => pull(server, request, link));
        const response = answer(request, push.receipts, pulled);
        return { type: 'answered', response, bytes: 0, ...push.news(request.mutations) };
      } catch (error) {
        if (!(error instanceof Lost || error instanceof NoLink)) throw error;
        return { type: 'down', detail: error.constructor.name, ...push.news(request.mutations) };
      }
    },
  };
}

/** Nothing that this process waits for comes any more. */
function killed(link: RestLink): Promise<never> {
  link.kill();
  return new Promise(() => {});
}

type Call = <T>(work: () => T) => Promise<T>;

function createPush(schema: Schema, server: RestServer, promise: CreatePromise, identity: IdentityContext, call: Call) {
  const receipts: Receipt[] = [];
  const mappings: RecordMapping[] = [...identity.mapped];
  const maybeSent = new Set<MutationId>();
  const tried = new Set<MutationId>();
  const resent = new Set(identity.resent);
  let creating: ReadonlySet<string> = new Set();

  const serverId = (collection: string, local: string) =>
    mappings.find((each) => each.collection === collection && each.local === local)?.server ?? local;

  const change = async <T>(id: MutationId, work: () => T): Promise<T> => {
    tried.add(id);
    try {
      return await call(work);
    } catch (error) {
      if (error instanceof NoLink) tried.delete(id);
      throw error;
    }
  };

  const create = async (mutation: CreateMutation): Promise<RestRecord | null> => {
    const { collection, record, id } = mutation;
    const known = mappings.find((each) => each.collection === collection && each.local === record);
    if (known !== undefined) return call(() => server.get(collection, known.server));
    if (resent.has(id) && promise === 'neither') {
      maybeSent.add(id);
      return null;
    }
    let made =
      resent.has(id) && promise === 'look-up' ? await call(() => server.findByClientKey(collection, record)) : null;
    try {
      made ??= await change(id, () => server.post(collection, resolved(mutation), record, id));
    } catch (error) {
      if (!(error instanceof NoLink) && promise === 'neither') maybeSent.add(id);
      throw error;
    }
    mappings.push({ collection, local: record, server: made.id });
    return made;
  };

  /** Without the fields that name records of this transaction which have no id yet, itself among them. */
  const resolved = (mutation: CreateMutation): JsonObject => {
    const values = valuesOf(mutation);
    const open = Object.keys(values).filter((field) => {
      let unresolved = false;
      const only = { ...mutation, set: mutation.set.map((each) => ({ ...each, values: pick(each.values, field) })) };
      translateMutation(schema, only, (collection, id) => {
        if (creating.has(`${collection}/${id}`) && serverId(collection, id) === id) unresolved = true;
        return id;
      });
      return unresolved;
    });
    return Object.fromEntries(Object.entries(values).filter(([field]) => !open.includes(field)));
  };

  /** What a record was made without, because what it names was made after it. */
  const complete = async (mutation: CreateMutation): Promise<void> => {
    const server_ = serverId(mutation.collection, mutation.record);
    const values = valuesOf(translateMutation(schema, mutation, serverId) as CreateMutation);
    const there = server.get(mutation.collection, server_)?.body ?? values;
    const missing = Object.fromEntries(Object.entries(values).filter(([field]) => !Object.hasOwn(there, field)));
    if (Object.keys(missing).length === 0) return;
    await change(mutation.id, () => server.patch(mutation.collection, server_, missing));
  };

  const perform = async (mutation: Mutation): Promise<RestRecord | 'called' | null> => {
    switch (mutation.kind) {
      case 'create':
        return create(mutation);
      case 'update':
        return change(mutation.id, () => server.patch(mutation.collection, mutation.record, valuesOf(mutation)));
      case 'delete':
        return change(mutation.id, () => server.delete(mutation.collection, mutation.record));
      case 'command':
        await change(mutation.id, () => server.calls.push({ name: mutation.name, args: mutation.args }));
        return 'called';
      // Nothing to do there: what was made of it, if it arrived, is a record of its own now.
      case 'discard':
        return 'called';
      default:
        throw new Error(`this API has no ${mutation.kind}`);
    }
  };

  return {
    receipts,
    async send(mutations: readonly Mutation[]) {
      for (const transaction of new Set(mutations.map((each) => each.transaction))) {
        const own: Receipt[] = [];
        const members = mutations.filter((mutation) => mutation.transaction === transaction);
        const creates = members.filter((mutation) => mutation.kind === 'create');
        creating = new Set(creates.map(({ collection, record }) => `${collection}/${record}`));
        for (const each of members) {
          const mutation = translateMutation(schema, each, serverId);
          const done = await perform(mutation);
          if (maybeSent.has(each.id)) break;
          own.push(receiptOf(each, done, server));
        }
        // A transaction that stopped in the middle has no answer yet; what it made is known by its mappings.
        if (own.length < members.length) break;
        for (const each of creates) await complete(each);
        receipts.push(...own);
      }
    },
    news(mutations: readonly Mutation[]) {
      const answered = new Set(receipts.map(({ id }) => id));
      return {
        mappings: mappings.filter((mapping) => !identity.mapped.includes(mapping)),
        maybeSent: [...maybeSent],
        unsent: mutations
          .filter(({ id }) => !tried.has(id) && !answered.has(id) && !maybeSent.has(id))
          .map(({ id }) => id),
      };
    },
  };
}

function pick(values: JsonObject, field: string): JsonObject {
  const value = values[field];
  return value === undefined ? {} : { [field]: value };
}

function valuesOf({ set }: Pick<CreateMutation, 'set'>): JsonObject {
  return Object.assign({}, ...set.map(({ values }) => values)) as JsonObject;
}

function receiptOf(mutation: Mutation, done: RestRecord | 'called' | null, server: RestServer): Receipt {
  const position = String(done === null || done === 'called' ? server.revision() : done.revision) as Position;
  if (mutation.kind === 'discard' && mutation.resolves.length === 0) {
    return { outcome: 'discarded', id: mutation.id, position };
  }
  const made = done !== null || mutation.kind === 'delete';
  return made
    ? { outcome: 'applied', id: mutation.id, position }
    : { outcome: 'refused', id: mutation.id, position, reason: 'gone', detail: null };
}

interface Pulled {
  readonly changes: readonly RestRecord[];
  readonly upTo: number;
  /** The last of a part, where more is to come. */
  readonly after: RestRecord | null;
}

/** Where a cursor of ours stands: the revision read up to. */
const revisionOf = (snapshot: Snapshot) => Number(snapshot.split(':')[0]) - 1;
const snapshotAt = (revision: number) => `${revision + 1}:${revision + 1}:` as Snapshot;

function pull(server: RestServer, request: ExchangeRequest, link: RestLink): Pulled {
  const since = request.cursor === null ? 0 : revisionOf(request.cursor.snapshot);
  const { catchUp } = request;
  if (catchUp !== null) {
    // Given back as it was: the id in it is still the one that the server gave.
    const [collection, revision, id] = catchUp.after ?? ['', '0', ''];
    if (server.get(collection, id) === null) throw new Error(`asked to go on after ${collection}/${id}`);
    const upTo = revisionOf(catchUp.first.snapshot);
    return {
      changes: server.changed(since, upTo).filter((each) => each.revision > Number(revision)),
      upTo,
      after: null,
    };
  }
  const upTo = since + Math.ceil((server.revision() - since) * link.share());
  const changes = server.changed(since, upTo);
  const half = changes.slice(0, Math.ceil(changes.length / 2));
  const last = half.at(-1);
  if (last === undefined || half.length === changes.length || !link.splits()) {
    return { changes, upTo, after: null };
  }
  return { changes: half, upTo, after: last };
}

function answer(request: ExchangeRequest, receipts: readonly Receipt[], pulled: Pulled): ExchangeResponse {
  const { changes, upTo, after } = pulled;
  const cursorAt = { snapshot: snapshotAt(upTo), scopes: [SCOPE] };
  return {
    protocol: PROTOCOL_VERSION,
    nonce: request.nonce,
    epoch: EPOCH,
    now: 0,
    receipts: [...receipts],
    held: [],
    pages: [{ groups: changes.map(groupOf), stamp: null }],
    whole: [],
    fetched: [],
    checksums: null,
    gone: [],
    cursor: after === null ? cursorAt : null,
    catchUp:
      after === null
        ? null
        : {
            since: request.cursor,
            first: cursorAt,
            after: [after.collection, String(after.revision), after.id],
            part: null,
            told: null,
          },
    durable: null,
    horizon: null,
  };
}

function groupOf({ collection, id, count, body }: RestRecord): Page['groups'][number] {
  return {
    collection,
    epoch: EPOCH,
    in: body === null ? [] : [SCOPE],
    out: body === null ? [SCOPE] : [],
    whole: body !== null,
    aged: false,
    records: [[id, count, body === null ? {} : { ...body }]],
  };
}
