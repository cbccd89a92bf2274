import type { LinkTraits } from '../ports/platform.ts';

/** Bytes on the wire, as far as they are known. */
export interface Traffic {
  readonly sent: number;
  readonly received: number;
}

export const NO_TRAFFIC: Traffic = { sent: 0, received: 0 };

export function addTraffic(a: Traffic, b: Traffic): Traffic {
  return { sent: a.sent + b.sent, received: a.received + b.received };
}

/** The number of a day since 1970, in universal time. */
export function dayOf(nowMs: number): number {
  return Math.floor(nowMs / 86_400_000);
}

/** Why low priorities and files are held back; null while they are not. */
export type Sparing = 'save-data' | 'metered' | 'budget';

/** NW7. Without a budget (`null`) only what the platform says counts. */
export function sparing(traits: LinkTraits, today: Traffic, bytesPerDay: number | null): Sparing | null {
  if (bytesPerDay !== null && today.sent + today.received >= bytesPerDay) return 'budget';
  if (traits.saveData) return 'save-data';
  return traits.metered ? 'metered' : null;
}

/** While sparing, what has a higher number waits: of the nine priorities the two lowest. */
export const SPARED_PRIORITY = 7;
