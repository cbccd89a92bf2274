import { HoldfastError, type Schema } from '@holdfast/core';
import { folderHolder } from '@holdfast/server';
import { openStore } from '../open-store.ts';
import { httpSink } from './http-sink.ts';
import type { RowSink } from './row-sink.ts';
import { storeSink } from './store-sink.ts';

/** Where to import to: a server by its address, or a data folder. */
export interface Target {
  readonly data: string;
  readonly url?: string;
  readonly secret?: string;
}

/**
 * The way to a target: through the server that is named, through the one that has the folder open, or
 * straight into the folder while nobody has.
 *
 * @throws HoldfastError `InvalidConfig`, `DataFolderBusy` and what else opening a folder can meet
 */
export async function openSink(schema: Schema, target: Target): Promise<RowSink> {
  if (target.url !== undefined) {
    if (!URL.canParse(target.url)) throw new HoldfastError('InvalidConfig', `"${target.url}" is no address`);
    if (target.secret === undefined) throw new HoldfastError('InvalidConfig', '--url needs --secret');
    return httpSink({ url: target.url, secret: target.secret });
  }
  const holder = await folderHolder(target.data);
  if (holder?.url !== undefined && holder.secret !== undefined) {
    return httpSink({ url: holder.url, secret: holder.secret });
  }
  return storeSink(await openStore(schema, target.data));
}
