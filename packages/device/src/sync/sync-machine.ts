import type { Status, SyncPhase } from '../device.ts';
import { backoffMs } from '../link/backoff.ts';

/**
 * Where sync stands. Pure: events in, state out; the loop beside it performs.
 *
 *                    ┌────────────── answered ──────────────┐
 *                    ▼                                      │
 *   paused ◄──► idle ──── asked / due ────► exchanging ─────┤
 *                ▲ ▲                          │ │ │ │       │
 *                │ └── due, link, asked ── offline ◄┘ │ │   │ (no answer, or not the server's)
 *                └──── due, link, asked ── waiting ◄──┘ │   │ (busy, or not accepted as a whole)
 *                      token, asked ────── needs-auth ◄─┤
 *                      asked ────── upgrade-required ◄──┘
 */
export interface SyncState {
  readonly phase: SyncPhase;
  /** NW1: `up` by an answer that echoed the nonce and by nothing else; an error says neither. */
  readonly link: Status['link'];
  /** Failed tries in a row; being offline counts as none towards an entry, but spaces the probes. */
  readonly failures: number;
}

export type SyncEvent =
  | { readonly type: 'started' }
  | { readonly type: 'answered' }
  /** An answer came, and the next exchange follows at once. */
  | { readonly type: 'goes-on' }
  | { readonly type: 'down'; readonly detail: string }
  | { readonly type: 'busy'; readonly retryAfterMs: number | null; readonly detail: string }
  | { readonly type: 'rejected'; readonly detail: string }
  | { readonly type: 'needs-auth' }
  | { readonly type: 'upgrade-required'; readonly detail: string }
  | { readonly type: 'paused' }
  | { readonly type: 'resumed' };

export const SYNC_START: SyncState = { phase: { at: 'idle' }, link: 'unknown', failures: 0 };

export function advance(state: SyncState, event: SyncEvent, nowMs: number, chance: number): SyncState {
  const failures = state.failures + 1;
  switch (event.type) {
    case 'started':
      return { ...state, phase: { at: 'exchanging' } };
    case 'answered':
      return { phase: { at: 'idle' }, link: 'up', failures: 0 };
    case 'goes-on':
      return { phase: { at: 'exchanging' }, link: 'up', failures: 0 };
    case 'down':
      return { phase: { at: 'offline', nextTry: nowMs + backoffMs(failures, chance, null) }, link: 'down', failures };
    case 'busy':
      return {
        phase: { at: 'waiting', nextTry: nowMs + backoffMs(failures, chance, event.retryAfterMs), error: event.detail },
        link: unproven(state.link),
        failures,
      };
    case 'rejected':
      return {
        phase: { at: 'waiting', nextTry: nowMs + backoffMs(failures, chance, null), error: event.detail },
        link: unproven(state.link),
        failures,
      };
    case 'needs-auth':
      return { ...state, phase: { at: 'needs-auth' }, link: unproven(state.link) };
    case 'upgrade-required':
      return { ...state, phase: { at: 'upgrade-required', detail: event.detail }, link: unproven(state.link) };
    case 'paused':
      return { ...state, phase: { at: 'paused' } };
    case 'resumed':
      return { ...state, phase: { at: 'idle' }, failures: 0 };
  }
}

/** Somebody answered, without proof that it was the server. */
function unproven(link: Status['link']): Status['link'] {
  return link === 'down' ? 'unknown' : link;
}

export type Trigger = 'open' | 'write' | 'due' | 'news' | 'link' | 'foreground' | 'asked';

/** SY3, NW2: may this trigger start an exchange now? A write does not shorten a backoff, a person does. */
export function mayStart(state: SyncState, trigger: Trigger, nowMs: number): boolean {
  switch (state.phase.at) {
    case 'exchanging':
    case 'paused':
      return false;
    case 'idle':
      return true;
    case 'offline':
    case 'waiting':
      return trigger !== 'write' || state.phase.nextTry <= nowMs;
    case 'needs-auth':
      return trigger !== 'write';
    case 'upgrade-required':
      return trigger !== 'write';
  }
}

/** When to try again by itself; null where only a trigger can. */
export function nextDue(state: SyncState, nowMs: number, pollMs: number): number | null {
  switch (state.phase.at) {
    case 'idle':
      return nowMs + pollMs;
    case 'offline':
    case 'waiting':
      return state.phase.nextTry;
    case 'needs-auth':
    // The server may be the older one, and get its update while the app stays open.
    case 'upgrade-required':
      return nowMs + pollMs;
    default:
      return null;
  }
}
