import type { ExchangeRequest, MutationId, Receipt, Scope, UserId } from '@holdfast/core';
import { createExchange, handleExchangeText, memoryStore, type Principal, type ServerStore } from '@holdfast/server';
import type { Chance } from './chance.ts';
import type { Faults } from './faults.ts';
import { watchSight } from './sight-oracle.ts';
import { simSchema } from './sim-schema.ts';
import type { VirtualTime } from './virtual-time.ts';

/** 2026-01-01: the world begins on some day. */
export const WORLD_START_MS = 1_767_225_600_000;

/** The real server code over the in-memory store, and a note of every outcome that was committed. */
export interface SimServer {
  readonly store: ServerStore;
  /** One request, as text, to one answer, as text. */
  handle(principal: Principal, body: string): Promise<{ status: number; body: string }>;
  /** What the server answered, by mutation: an answer never changes. */
  readonly answers: ReadonlyMap<MutationId, Receipt>;
  /** What broke a promise; empty in a healthy world. */
  readonly violations: readonly string[];
}

export function createSimServer(time: VirtualTime, chance: Chance, faults: () => Faults): SimServer {
  const violations: string[] = [];
  const answers = new Map<MutationId, Receipt>();
  const clock = { now: () => WORLD_START_MS + time.now() };
  const inner = memoryStore({
    schema: simSchema,
    clock,
    random: chance,
    beforeCommit: async () => {
      if (!chance.happens(faults().slowTransaction)) return;
      const ms = chance.happens(0.1) ? 60_000 : 50 + chance.below(3_000);
      await new Promise<void>((resolve) => time.after(ms, resolve));
    },
  });
  const { store, sent } = watchSight(inner, violations);
  const exchange = createExchange({ store, schema: simSchema, clock });

  const note = (receipts: readonly Receipt[]) => {
    for (const receipt of receipts) {
      const before = answers.get(receipt.id);
      if (before === undefined) answers.set(receipt.id, receipt);
      else if (before.outcome !== receipt.outcome || before.position !== receipt.position) {
        const reused = receipt.outcome === 'refused' && receipt.reason === 'reused';
        violations.push(
          `[SV1] ${receipt.id} was answered ${before.outcome} at ${before.position}, then ${receipt.outcome} at ${receipt.position}${reused ? ' (reused)' : ''}`,
        );
      }
    }
  };

  return {
    store,
    answers,
    violations,
    async handle(principal, body) {
      sent((JSON.parse(body) as ExchangeRequest).mutations);
      const answer = await handleExchangeText(exchange, principal, body, (error) =>
        violations.push(`the server met a fault: ${String(error instanceof Error ? error.stack : error)}`),
      );
      if (answer.status === 200) note((JSON.parse(answer.body) as { receipts: Receipt[] }).receipts);
      return answer;
    },
  };
}

export function principalOf(user: string, role: string, scopes: readonly string[]): Principal {
  return { user: user as UserId, role, scopes: scopes as readonly Scope[] };
}
