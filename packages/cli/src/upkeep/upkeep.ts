import { HoldfastError, type Schema } from '@holdfast/core';
import { folderHolder } from '@holdfast/server';
import type { Target } from '../import/open-sink.ts';
import { openStore } from '../open-store.ts';

/** What is done to a store from the command line, wherever it is. */
export interface Upkeep {
  /** Begins a new epoch, after the data was put back to an earlier day. Gives its name. */
  newEpoch(): Promise<string>;
  /** Notes what a backup that begins after this will hold. */
  backupBegins(): Promise<void>;
  /** The backup begun last is there and was tried. False where none began. */
  backupDone(): Promise<boolean>;
  close(): Promise<void>;
}

/**
 * Through the server that is named, through the one that has the folder open, or straight to the folder while
 * nobody has.
 *
 * @throws HoldfastError `InvalidConfig`, `DataFolderBusy` and what else opening a folder can meet
 */
export async function openUpkeep(schema: Schema, { data, url, secret }: Target): Promise<Upkeep> {
  if (url !== undefined) {
    if (!URL.canParse(url)) throw new HoldfastError('InvalidConfig', `"${url}" is no address`);
    if (secret === undefined) throw new HoldfastError('InvalidConfig', '--url needs --secret');
    return throughServer(url, secret);
  }
  const holder = await folderHolder(data);
  if (holder?.url !== undefined && holder.secret !== undefined) return throughServer(holder.url, holder.secret);
  const store = await openStore(schema, data);
  return {
    newEpoch: () => store.newEpoch(),
    backupBegins: async () => void (await store.backupBegins()),
    backupDone: async () => (await store.backupDone()) !== null,
    close: () => store.close(),
  };
}

function throughServer(url: string, secret: string): Upkeep {
  const ask = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
    const response = await fetch(new URL(`/v1/admin/${path}`, url), {
      method: 'POST',
      headers: { authorization: `Bearer ${secret}` },
    }).catch((cause: unknown) => {
      throw new HoldfastError('ServerUnreachable', url, { cause });
    });
    if (response.status === 401) throw new HoldfastError('NotAuthenticated', `${url}: another secret`);
    const answer: unknown = response.ok ? await response.json().catch(() => null) : null;
    if (typeof answer !== 'object' || answer === null) {
      throw new HoldfastError('ServerUnreachable', `${url} answered ${response.status}`);
    }
    return answer as Readonly<Record<string, unknown>>;
  };
  return {
    newEpoch: async () => String((await ask('epoch'))['epoch']),
    backupBegins: async () => void (await ask('backup/begin')),
    backupDone: async () => typeof (await ask('backup/done'))['durable'] === 'string',
    close: async () => {},
  };
}
