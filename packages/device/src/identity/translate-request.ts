import type { ExchangeRequest, IdLookup, Schema } from '@holdfast/core';
import { translateMutation } from './translate-mutation.ts';

/**
 * ID2: a request as it goes to a backend that assigns ids. What the backend itself said (cursor, catch-up) is
 * given back as it came, and so stands in its ids already.
 */
export function translateRequest(schema: Schema, request: ExchangeRequest, lookup: IdLookup): ExchangeRequest {
  return {
    ...request,
    mutations: request.mutations.map((mutation) => translateMutation(schema, mutation, lookup)),
    want: {
      ...request.want,
      records: request.want.records.map(({ collection, record }) => ({
        collection,
        record: lookup(collection, record),
      })),
    },
  };
}
