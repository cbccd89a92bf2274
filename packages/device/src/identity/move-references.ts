import {
  type Change,
  type Collection,
  type IdLookup,
  type Json,
  type JsonObject,
  type Page,
  type Receipt,
  type Schema,
  translateReferences,
} from '@holdfast/core';
import type { RecordMapping } from '../ports/backend.ts';
import type { SqlValue, WriteTx } from '../ports/storage-driver.ts';
import { fromSql, toSql } from '../store/field-values.ts';
import { quote } from '../store/tables.ts';
import { lookupOf } from './id-table.ts';
import { translateArguments, translateChanges, translateValues } from './translate-mutation.ts';
import { translatePage, translateReceipt } from './translate-response.ts';

/** Does a column hold one of the ids bound to its parameter, as a list in JSON? What is found is looked at by type. */
const mentions = (column: string) =>
  `EXISTS (SELECT 1 FROM json_each(?) AS wanted WHERE instr(${column}, wanted.value) > 0)`;

/**
 * ID4: everything on this device that refers to these records by their server ids refers to them by their local
 * ones from here on: what is seen, confirmed, staged, in the outbox and kept of what was sent. `touch` is told
 * of each visible row that changed.
 */
export async function moveReferences(
  tx: WriteTx,
  schema: Schema,
  mappings: readonly RecordMapping[],
  touch: (collection: string, id: string) => void,
): Promise<void> {
  const lookup = lookupOf(mappings, 'to-local');
  const servers = JSON.stringify([...new Set(mappings.map(({ server }) => server))]);
  for (const collection of schema.collections.values()) {
    for (const name of collection.referring) await moveInColumn(tx, collection, name, servers, lookup, touch);
  }
  await moveInConfirmed(tx, schema, servers, lookup);
  await moveInOutbox(tx, schema, servers, lookup);
  await moveInSent(tx, schema, servers, lookup);
  await moveInStage(tx, schema, servers, lookup);
  for (const { collection, local, server } of mappings) {
    await tx.run('UPDATE OR REPLACE hf_outbox_ref SET record = ? WHERE collection = ? AND record = ?', [
      local,
      collection,
      server,
    ]);
  }
}

async function moveInColumn(
  tx: WriteTx,
  collection: Collection,
  name: string,
  servers: string,
  lookup: IdLookup,
  touch: (collection: string, id: string) => void,
): Promise<void> {
  const column = collection.column.get(name);
  const type = collection.fields[name];
  if (column === undefined || type === undefined) return;
  const [table, field] = [quote(collection.name), quote(name)];
  const where = column.references === null ? mentions(field) : `${field} IN (SELECT value FROM json_each(?))`;
  const rows = await tx.all(`SELECT id, ${field} AS value FROM ${table} WHERE ${where}`, [servers]);
  for (const row of rows) {
    const value = fromSql(column.kind, row.value);
    const translated = translateReferences(type, value, lookup);
    if (translated === value) continue;
    await tx.run(`UPDATE ${table} SET ${field} = ? WHERE id = ?`, [toSql(column, translated), row.id as string]);
    touch(collection.name, row.id as string);
  }
}

async function moveInConfirmed(tx: WriteTx, schema: Schema, servers: string, lookup: IdLookup): Promise<void> {
  const rows = await tx.all(`SELECT collection, id, fields FROM hf_confirmed WHERE ${mentions('fields')}`, [servers]);
  for (const row of rows) {
    const fields = JSON.parse(row.fields as string) as JsonObject;
    const translated = translateValues(schema.collections.get(row.collection as string), fields, lookup);
    if (translated === fields) continue;
    await tx.run('UPDATE hf_confirmed SET fields = ? WHERE collection = ? AND id = ?', [
      JSON.stringify(translated),
      row.collection as string,
      row.id as string,
    ]);
  }
}

/** Entries that may have been sent, too: translated back they say what they said. */
async function moveInOutbox(tx: WriteTx, schema: Schema, servers: string, lookup: IdLookup): Promise<void> {
  const rows = await tx.all(
    `SELECT seq, collection, body, state FROM hf_outbox WHERE ${mentions('body')} OR ${mentions('state')}`,
    [servers, servers],
  );
  for (const row of rows) {
    const collection = row.collection as string;
    await tx.run('UPDATE hf_outbox SET body = ?, state = ? WHERE seq = ?', [
      translateContent(schema, collection, row.body, lookup),
      translateState(schema, collection, row.state, lookup),
      row.seq as number,
    ]);
  }
}

async function moveInSent(tx: WriteTx, schema: Schema, servers: string, lookup: IdLookup): Promise<void> {
  const rows = await tx.all(
    `SELECT id, collection, record, content, receipt FROM hf_sent WHERE ${mentions('content')}`,
    [servers],
  );
  for (const row of rows) {
    const [collection, record] = [row.collection as string, row.record as string];
    const entry = JSON.parse(row.content as string) as { readonly content: Json };
    const moved = {
      ...entry,
      record: lookup(collection, record),
      content: JSON.parse(translateContent(schema, collection, JSON.stringify(entry.content), lookup)) as Json,
    };
    await tx.run('UPDATE hf_sent SET record = ?, content = ? WHERE id = ?', [
      moved.record,
      JSON.stringify(moved),
      row.id as string,
    ]);
  }
}

async function moveInStage(tx: WriteTx, schema: Schema, servers: string, lookup: IdLookup): Promise<void> {
  const rows = await tx.all(`SELECT seq, page FROM hf_stage WHERE ${mentions('page')}`, [servers]);
  for (const row of rows) {
    const page = translatePage(schema, JSON.parse(row.page as string) as Page, lookup);
    await tx.run('UPDATE hf_stage SET page = ? WHERE seq = ?', [JSON.stringify(page), row.seq as number]);
  }
}

/** What an entry holds, whatever its kind: changes, last content, a command's arguments and targets. */
interface Translatable {
  readonly set?: readonly Change[];
  readonly last?: JsonObject;
  readonly name?: string;
  readonly args?: JsonObject;
  readonly targets?: readonly { readonly collection: string; readonly record: string }[];
}

function translateContent(schema: Schema, name: string, text: SqlValue | undefined, lookup: IdLookup): string {
  const content = JSON.parse(text as string) as Translatable;
  const collection = schema.collections.get(name);
  const { set, last, name: command, args, targets } = content;
  return JSON.stringify({
    ...content,
    ...(set === undefined ? {} : { set: translateChanges(collection, set, lookup) }),
    ...(last === undefined ? {} : { last: translateValues(collection, last, lookup) }),
    ...(command === undefined || args === undefined ? {} : { args: translateArguments(schema, command, args, lookup) }),
    ...(targets === undefined
      ? {}
      : { targets: targets.map((each) => ({ ...each, record: lookup(each.collection, each.record) })) }),
  });
}

function translateState(schema: Schema, name: string, text: SqlValue | undefined, lookup: IdLookup): string {
  const state = JSON.parse(text as string) as { readonly receipt?: Receipt | null };
  const { receipt } = state;
  if (receipt === undefined || receipt === null) return text as string;
  return JSON.stringify({ ...state, receipt: translateReceipt(schema.collections.get(name), receipt, lookup) });
}
