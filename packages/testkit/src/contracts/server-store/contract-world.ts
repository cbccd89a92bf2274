import type {
  Cursor,
  DeviceId,
  Json,
  MutationId,
  Position,
  Result,
  Scope,
  Snapshot,
  Stamp,
  TransactionId,
  UserId,
} from '@holdfast/core';
import { invariant, must, stampOf } from '@holdfast/core';
import type {
  AppliedRow,
  ApplyProblem,
  Effects,
  FeedRead,
  FeedRow,
  Loaded,
  LoadedRecord,
  RecordBatch,
  RecordKey,
  ServerStore,
  ServerTransaction,
} from '@holdfast/server';
import { contractCollections } from './contract-schema.ts';

export type Values = Readonly<Record<string, Json>>;

/** One change of one record, as the contract's tests write it down. */
export interface Write {
  readonly kind: 'insert' | 'update' | 'delete';
  readonly collection: string;
  readonly id: string;
  readonly values?: Values;
  readonly stamp?: Stamp;
  readonly tie?: MutationId;
}

let counter = 0;

/** A number that no other test of this process uses. */
export function fresh(): number {
  counter += 1;
  return counter;
}

export function freshUuid(): string {
  return `01900000-0000-7000-8000-${fresh().toString(16).padStart(12, '0')}`;
}

export const freshMutation = () => freshUuid() as MutationId;
export const freshDevice = () => freshUuid() as DeviceId;
export const freshId = (prefix: string) => `${prefix}-${fresh()}`;
export const scope = (text: string) => text as Scope;
/** A later stamp on each call. */
export const freshStamp = () =>
  stampOf(1_700_000_000_000, 0).slice(0, 8).concat(fresh().toString(16).padStart(8, '0')) as Stamp;

export const ADA = 'ada' as UserId;

const met = new Set<DeviceId>();

/** One of Ada's devices comes by. `floor`: what it has read; null where it has read nothing before now. */
export async function meet(store: ServerStore, device: DeviceId, floor?: Snapshot | null): Promise<'known' | 'taken'> {
  met.add(device);
  return store.transaction((tx) => tx.meetDevice(device, ADA, floor));
}

/** Every device of every test but these has read all there is now. */
export async function othersHaveRead(store: ServerStore, ...but: readonly DeviceId[]): Promise<void> {
  for (const device of met) if (!but.includes(device)) await meet(store, device, null);
}

/** Writes and reads as the server would, so that a test says only what matters to it. */
export interface ContractWorld {
  readonly store: ServerStore;
  /** One transaction with these writes, in this order. Its position. */
  write(...writes: readonly Write[]): Promise<Position>;
  /** The same inside an open transaction. */
  writeIn(tx: ServerTransaction, ...writes: readonly Write[]): Promise<void>;
  record(collection: string, id: string): Promise<LoadedRecord | null>;
  /** All rows of these scopes since the cursor, in one read. */
  read(scopes: readonly Scope[], since?: Cursor | null, device?: DeviceId): Promise<FeedRead>;
  cursor(scopes: readonly Scope[]): Promise<Cursor>;
}

export function contractWorld(store: ServerStore): ContractWorld {
  const read = (scopes: readonly Scope[], since: Cursor | null = null, device: DeviceId = NOBODY) =>
    store.read({ device, scopes, since, collections: contractCollections, after: null, limit: 10_000 });
  return {
    store,
    write: (...writes) =>
      store.transaction(async (tx) => {
        await writeIn(tx, writes);
        return tx.position();
      }),
    writeIn: (tx, ...writes) => writeIn(tx, writes),
    record: (collection, id) =>
      store.transaction(async (tx) => recordOf(await loadIn(tx, [{ collection, id }]), collection, id)),
    read,
    cursor: async (scopes) => ({ snapshot: (await read(scopes)).snapshot, scopes: [...scopes] }),
  };
}

const NOBODY = freshDevice();

export function recordOf(loaded: Loaded, collection: string, id: string): LoadedRecord | null {
  return loaded.records.get(`${collection}/${id}`) ?? null;
}

export function loadIn(
  tx: ServerTransaction,
  records: readonly RecordKey[],
  parents: readonly RecordKey[] = [],
): Promise<Loaded> {
  return tx.load({ device: NOBODY, ids: [], records, parents });
}

async function writeIn(tx: ServerTransaction, writes: readonly Write[]): Promise<void> {
  await loadIn(tx, writes, parentsOf(writes));
  const done = await tx.apply(effectsOf(writes));
  invariant(done.ok, `the store refused a write of the contract: ${done.ok ? '' : done.error.detail}`);
}

export function parentsOf(writes: readonly Write[]): RecordKey[] {
  return writes.flatMap((write) => {
    const id = write.values?.['contactId'];
    return typeof id === 'string' ? [{ collection: 'contacts', id }] : [];
  });
}

/** Each write as a batch of its own. */
export function effectsOf(writes: readonly Write[], applied: readonly AppliedRow[] = []): Effects {
  return { batches: writes.map(batchOf), applied, ...NOTHING_ELSE, by: ADA, authority: 'mentor' };
}

/** Effects without audit and bay. */
export const NOTHING_ELSE = { audit: [], bay: [], at: 1_700_000_000_000 } as const;

function batchOf(write: Write): RecordBatch {
  const change = {
    values: write.values ?? {},
    stamp: write.stamp ?? freshStamp(),
    tie: write.tie ?? freshMutation(),
  };
  return { collection: write.collection, kind: write.kind, rows: [{ id: write.id, changes: [change] }] };
}

export function appliedRow(device: DeviceId, over: Partial<AppliedRow> = {}): AppliedRow {
  const id = over.id ?? freshMutation();
  return {
    id,
    transaction: freshUuid() as TransactionId,
    device,
    user: ADA,
    fingerprint: 'f'.repeat(32),
    collection: 'contacts',
    record: 'nobody',
    version: null,
    touched: [],
    resolves: [],
    receipt: { outcome: 'applied', id },
    ...over,
  };
}

export const contact = (values: Partial<Record<'name' | 'phone' | 'mentorId' | 'region', string | null>> = {}) => ({
  name: 'Ada',
  phone: null,
  mentorId: null,
  region: null,
  ...values,
});

export const activity = (contactId: string | null, values: { kind?: string; minutes?: number } = {}) => ({
  contactId,
  kind: 'visit',
  minutes: 30,
  ...values,
});

export const sample = (values: Values = {}): Values => ({
  team: null,
  label: '',
  count: null,
  ratio: null,
  done: null,
  day: null,
  at: null,
  extra: null,
  dose: 1,
  unit: 'mg',
  ...values,
});

/** The one row of a record in a scope. */
export function rowOf(read: FeedRead, id: string, inScope: Scope): FeedRow {
  const rows = read.rows.filter((row) => row.id === id && row.scope === inScope);
  invariant(rows.length <= 1, `${id} has ${rows.length} rows in ${inScope}`);
  return must(rows[0], `the row of ${id} in ${inScope}`);
}

export const idsOf = (read: FeedRead) => read.rows.map((row) => row.id);

export function detailOf(result: Result<null, ApplyProblem>): string | null {
  return result.ok ? null : result.error.detail;
}

/** A promise that a test opens by hand. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open: () => void = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}

/** A transaction that stays open until the test lets it go. */
export interface OpenTransaction {
  readonly tx: ServerTransaction;
  commit(): Promise<void>;
  abort(): Promise<void>;
}

/** Begins a transaction whose position is taken at once, as an old one under way would have it. */
export function begin(store: ServerStore): Promise<OpenTransaction> {
  return new Promise((resolve, reject) => {
    const end = gate();
    let aborted = false;
    const stop = new Error('aborted by the test');
    const done = store
      .transaction(async (tx) => {
        await tx.position();
        resolve({
          tx,
          commit: () => {
            end.open();
            return done;
          },
          abort: () => {
            aborted = true;
            end.open();
            return done;
          },
        });
        await end.opened;
        if (aborted) throw stop;
      })
      .catch((error: unknown) => {
        reject(error);
        if (error !== stop) throw error;
      });
  });
}
