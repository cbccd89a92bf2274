import type { ExchangeRequest, ExchangeResponse } from '@holdfast/core';

/**
 * How one exchange went. Everything but `answered` leaves the outbox and the cursor as they were;
 * `down` also stands for a captive portal's page, a cut body or a wrong nonce, and counts as no try.
 */
export type ExchangeResult =
  | {
      readonly type: 'answered';
      readonly response: ExchangeResponse;
      /** Of the body, as it came from the wire. */
      readonly bytes: number;
    }
  | { readonly type: 'down'; readonly detail: string }
  | { readonly type: 'needs-auth' }
  | { readonly type: 'upgrade-required'; readonly detail: string }
  /** The server cannot take this now; `retryAfterMs` where it says when. */
  | { readonly type: 'busy'; readonly retryAfterMs: number | null; readonly detail: string }
  /** The server does not accept the request as a whole (a bug or a limit). Nothing was applied. */
  | { readonly type: 'rejected'; readonly code: string; readonly detail: string };

/** The other end: our server, an existing API, or the simulated world. */
export interface Backend {
  /** Never throws: everything that can happen to a request is a result. */
  exchange(request: ExchangeRequest, signal: AbortSignal): Promise<ExchangeResult>;
  /**
   * Listens for "there is news" until the signal is aborted or the link breaks; the promise ends then,
   * and says whether it was ever open. Calls `onNews` when it opens too: what came before was not heard.
   */
  live(onNews: () => void, signal: AbortSignal): Promise<'was-open' | 'never-open'>;
}
