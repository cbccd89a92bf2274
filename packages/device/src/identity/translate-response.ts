import type {
  Collection,
  ConflictSides,
  ExchangeResponse,
  IdLookup,
  Loss,
  MutationId,
  Page,
  Receipt,
  Schema,
} from '@holdfast/core';
import { translateValues } from './translate-mutation.ts';

/**
 * ID2: an answer as the device takes it in. `collectionOf` says which collection a receipt's mutation is of;
 * what a command gave back has no declared type and stays as it is, as do cursors.
 */
export function translateResponse(
  schema: Schema,
  response: ExchangeResponse,
  collectionOf: (mutation: MutationId) => string | undefined,
  lookup: IdLookup,
): ExchangeResponse {
  return {
    ...response,
    receipts: response.receipts.map((receipt) =>
      translateReceipt(schema.collections.get(collectionOf(receipt.id) ?? ''), receipt, lookup),
    ),
    pages: response.pages.map((page) => translatePage(schema, page, lookup)),
    fetched: response.fetched.map(({ collection, record, found }) => ({
      collection,
      record: lookup(collection, record),
      found:
        found === null
          ? null
          : { ...found, values: { ...translateValues(schema.collections.get(collection), found.values, lookup) } },
    })),
  };
}

/** A part of a catch-up. */
export function translatePage(schema: Schema, page: Page, lookup: IdLookup): Page {
  return {
    ...page,
    groups: page.groups.map((group) => {
      const collection = schema.collections.get(group.collection);
      return {
        ...group,
        records: group.records.map(([id, count, values, ...rest]): Page['groups'][number]['records'][number] => [
          lookup(group.collection, id),
          count,
          translateValues(collection, values, lookup),
          ...rest,
        ]),
      };
    }),
  };
}

/** The values that a receipt shows: what was lost, or both sides of a conflict. */
export function translateReceipt(collection: Collection | undefined, receipt: Receipt, lookup: IdLookup): Receipt {
  switch (receipt.outcome) {
    case 'merged':
      return { ...receipt, lost: receipt.lost.map((loss) => translateLoss(collection, loss, lookup)) };
    case 'conflict':
      return { ...receipt, sides: receipt.sides === null ? null : translateSides(collection, receipt.sides, lookup) };
    default:
      return receipt;
  }
}

function translateLoss(collection: Collection | undefined, loss: Loss, lookup: IdLookup): Loss {
  return {
    ...loss,
    mine: translateValues(collection, loss.mine, lookup),
    kept: translateValues(collection, loss.kept, lookup),
  };
}

function translateSides(collection: Collection | undefined, sides: ConflictSides, lookup: IdLookup): ConflictSides {
  return {
    ...sides,
    base: translateValues(collection, sides.base, lookup),
    mine: translateValues(collection, sides.mine, lookup),
    theirs: translateValues(collection, sides.theirs, lookup),
  };
}
