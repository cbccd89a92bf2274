import type { HoldOption } from '@holdfast/device';
import type { Chance } from './chance.ts';
import type { SimSchema } from './sim-schema.ts';

const MINUTE_MS = 60_000;

/** A part of everything, as an app could choose it (SY14). */
export function someHold(chance: Chance): HoldOption<SimSchema> {
  return chance.pick([
    { collections: ['people', 'notes'] },
    { collections: ['people', 'visits', 'doses'] },
    { scopes: ['mentor:m1'] },
    { scopes: ['office', 'mentor:m2'] },
    { youngerThanMs: 0 },
    { youngerThanMs: MINUTE_MS },
    { youngerThanMs: 24 * 60 * MINUTE_MS, collections: ['people', 'doses'] },
  ] as const);
}
