import { catalogue, type ExchangeResponse, HoldfastError, type JsonObject } from '@holdfast/core';
import type { SyncPhase } from '../device.ts';
import { addressOf } from '../write/plan-write.ts';
import type { WantedRecord } from './retained-store.ts';

type Found = ExchangeResponse['fetched'][number]['found'];

/** Records that somebody waits for, besides what the store wants. */
export interface FetchAsks {
  keys(): readonly WantedRecord[];
  /** An answer came. */
  answer(fetched: ExchangeResponse['fetched']): void;
  /**
   * @param sync asks the server, and says where sync stands then
   * @throws HoldfastError `RecordNotFound`; `Offline`, `NotAuthenticated` where there is no answer
   */
  fetch(record: WantedRecord, sync: () => Promise<SyncPhase>): Promise<JsonObject>;
}

export function createFetchAsks(): FetchAsks {
  const open = new Map<string, { readonly key: WantedRecord; readonly waiting: Set<(found: Found) => void> }>();
  return {
    keys: () => [...open.values()].map(({ key }) => key),
    answer(fetched) {
      for (const { collection, record, found } of fetched) {
        for (const hear of open.get(addressOf(collection, record))?.waiting ?? []) hear(found);
      }
    },
    async fetch(key, sync) {
      const address = addressOf(key.collection, key.record);
      const ask = open.get(address) ?? { key, waiting: new Set() };
      open.set(address, ask);
      let answer: { readonly found: Found } | null = null;
      const hear = (found: Found) => {
        answer = { found };
      };
      ask.waiting.add(hear);
      try {
        const phase = await sync();
        const { found } = heard(answer) ?? unanswered(phase);
        if (found === null) throw new HoldfastError('RecordNotFound', address);
        return found.values;
      } finally {
        ask.waiting.delete(hear);
        if (ask.waiting.size === 0) open.delete(address);
      }
    },
  };
}

// What a callback sets, the compiler does not see.
function heard(answer: { readonly found: Found } | null): { readonly found: Found } | null {
  return answer;
}

function unanswered(phase: SyncPhase): never {
  if (phase.at === 'needs-auth') throw new HoldfastError('NotAuthenticated');
  if (phase.at === 'upgrade-required') throw new HoldfastError('UnsupportedProtocol', phase.detail);
  throw new HoldfastError('Offline', phase.at === 'waiting' ? phase.error : catalogue.ServerUnreachable.says);
}
