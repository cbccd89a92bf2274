import type { Schema } from '@holdfast/core';
import type { Device, StorageDriver, WriteOptions, WriteReceipt, WriteTransaction } from '@holdfast/device';
import { memoryStorage } from '@holdfast/device/node';
import { type CrashLink, openCrashDevice, passTime, syncFor } from './crash-device.ts';
import { type CrashSchema, crashSchemas } from './crash-schema.ts';
import type { MountedStore } from './disk-store.ts';
import { dumpStore } from './dump-store.ts';
import { createServerSide, type ServerSide } from './server-side.ts';

/** Something that happened to the server. Done again in order, from nothing, they give the same server. */
export interface ServerStep {
  /** Virtual milliseconds. */
  readonly at: number;
  /** Operations of the disk before it; 0 for all that went before the recording. */
  readonly logged: number;
  readonly recorded: boolean;
  readonly does: (side: ServerSide) => Promise<unknown>;
}

/** What the store said after a commit, and from which operation of the disk on it has to say so. */
export interface Commit {
  readonly logged: number;
  readonly state: string;
}

/** Writes that had resolved, and from which operation of the disk on they must never be lost. */
export interface Acknowledged {
  readonly logged: number;
  readonly mutations: readonly string[];
}

export const USER = 'ada';

/** One device on a disk in memory, one server, and a note of everything that has to hold after a crash. */
export class CrashWorld {
  readonly side: ServerSide;
  readonly link: CrashLink = { up: true, loseAnswers: 0, send: (user, body) => this.#send(user, body) };
  readonly steps: ServerStep[] = [];
  readonly commits: Commit[] = [];
  readonly acknowledged: Acknowledged[] = [];
  readonly faults: unknown[] = [];
  /** Given up by a person: no longer to be found is what they wanted. */
  readonly givenUp = new Set<string>();
  /** Whether commits are noted. */
  notes = true;
  /** The backend gives records ids of its own. */
  assigns = false;
  readonly #store: MountedStore;
  #schema: Schema = crashSchemas.first;
  #device: Device<CrashSchema> | null = null;
  #storage: StorageDriver | null = null;
  #lives = 0;
  #others = 0;

  constructor(store: MountedStore, serverSchema: Schema) {
    this.#store = store;
    this.side = createServerSide(serverSchema);
  }

  get device(): Device<CrashSchema> {
    if (this.#device === null) throw new Error('the device is not open');
    return this.#device;
  }

  get schema(): Schema {
    return this.#schema;
  }

  async onServer<T>(does: (side: ServerSide) => Promise<T>): Promise<T> {
    const recorded = this.#store.disk.log !== null;
    this.steps.push({ at: this.side.time.now(), logged: this.#logged(), recorded, does });
    return does(this.side);
  }

  /** Starts the device; a second time after `stop`. */
  async open(schema: Schema = this.#schema): Promise<void> {
    this.#schema = schema;
    this.#lives += 1;
    const { time } = this.side;
    const storage = await this.#store.open({ after: time.after });
    const { link } = this;
    const onFault = (error: unknown) => this.faults.push(error);
    const seed = this.#lives;
    this.#device = await openCrashDevice({
      user: USER,
      schema,
      time,
      link,
      storage: this.#noting(storage),
      seed,
      onFault,
      assigns: this.assigns,
    });
    this.#storage = storage;
  }

  async stop(): Promise<void> {
    await this.#device?.close();
    this.#device = null;
    this.#storage = null;
  }

  /** What was acknowledged is noted: from then on it must never be lost. */
  write(work: (tx: WriteTransaction<CrashSchema>) => void, options: WriteOptions = {}): Promise<WriteReceipt> {
    return this.decide((device) => device.write(work, options));
  }

  /** The same for what a person decides. */
  async decide(work: (device: Device<CrashSchema>) => Promise<WriteReceipt>): Promise<WriteReceipt> {
    const receipt = await work(this.device);
    this.acknowledged.push({ logged: this.#committed(), mutations: receipt.mutations });
    return receipt;
  }

  /** Gives up an entry's transaction and what depends on it. */
  async discard(id: string): Promise<void> {
    const before = await this.device.outbox.list();
    if (!before.some((entry) => entry.id === id)) return;
    const result = await this.device.outbox.discard(id);
    const with_ = result.done ? [] : result.dependants;
    const transactions = new Set(
      [...with_, ...before.filter((entry) => entry.id === id)].map(({ transaction }) => transaction),
    );
    for (const entry of before) if (transactions.has(entry.transaction)) this.givenUp.add(entry.id);
    if (!result.done) await this.device.outbox.discard(id, { withDependants: true });
  }

  async sync(): Promise<void> {
    await syncFor(this.device, this.side.time, 1_000);
  }

  async passTime(ms: number): Promise<void> {
    await passTime(this.side.time, ms);
  }

  /** Another person's device does this, and syncs before and after. */
  async another(user: string, work: (tx: WriteTransaction<CrashSchema>) => void): Promise<void> {
    this.#others += 1;
    const { time } = this.side;
    const storage = await memoryStorage({ timers: { after: time.after } }).openDatabase({
      key: new Uint8Array(32),
      salt: new Uint8Array(16),
    });
    const link: CrashLink = { up: true, loseAnswers: 0, send: (who, body) => this.#send(who, body) };
    const onFault = (error: unknown) => this.faults.push(error);
    const seed = 1_000 + this.#others;
    const device = await openCrashDevice({
      user,
      schema: crashSchemas.first,
      time,
      link,
      storage,
      seed,
      onFault,
      assigns: false,
    });
    await syncFor(device, time, 1_000);
    await device.write(work);
    await syncFor(device, time, 1_000);
    await device.close();
  }

  get storage(): StorageDriver {
    if (this.#storage === null) throw new Error('the device is not open');
    return this.#storage;
  }

  get isOpen(): boolean {
    return this.#device !== null;
  }

  /** The driver, with a note of what each commit made of the store. */
  #noting(inner: StorageDriver): StorageDriver {
    return {
      read: (work) => inner.read(work),
      write: async (work) => {
        if (!this.notes) return inner.write(work);
        let state = '';
        const result = await inner.write(async (tx) => {
          const done = await work(tx);
          state = await dumpStore(tx);
          return done;
        });
        this.commits.push({ logged: this.#committed(), state });
        return result;
      },
      close: () => inner.close(),
    };
  }

  #send(user: string, body: string): ReturnType<CrashLink['send']> {
    return this.onServer((side) => side.exchange(user, body));
  }

  #logged(): number {
    return this.#store.disk.log?.length ?? 0;
  }

  /** A commit ends with its journal: what follows in the log belongs to the next one. */
  #committed(): number {
    return (this.#store.disk.log ?? []).findLastIndex((op) => op.type === 'delete') + 1;
  }
}
