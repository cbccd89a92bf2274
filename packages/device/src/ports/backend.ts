import type { ExchangeRequest, ExchangeResponse, MutationId } from '@holdfast/core';
import type { Traffic } from '../link/byte-budget.ts';
import type { Deadlines, Sample } from '../link/link-speed.ts';
import type { TokenShelf } from '../link/tokens.ts';
import type { Platform } from './platform.ts';

/** ID2: a record as the app knows it, and as a backend that assigns ids does. */
export interface RecordMapping {
  readonly collection: string;
  readonly local: string;
  readonly server: string;
}

/**
 * What a backend that assigns ids has found out, however the exchange ended. Taken in always: what is true of
 * the backend's records does not depend on whether the rest of the answer counts.
 */
export interface IdentityNews {
  /** The server ids of records that were made; before any receipt of their creates, or with it (ID3). */
  readonly mappings?: readonly RecordMapping[];
  /**
   * ID5: may have been received, and neither a key nor a look-up can tell. They are not sent again, but wait for
   * a person.
   */
  readonly maybeSent?: readonly MutationId[];
  /** Surely received by nobody: they count as never sent. */
  readonly unsent?: readonly MutationId[];
}

/**
 * How one exchange went. Everything but `answered` leaves the outbox and the cursor as they were;
 * `down` also stands for a captive portal's page, a cut body or a wrong nonce, and counts as no try.
 */
export type ExchangeResult = IdentityNews &
  (
    | {
        readonly type: 'answered';
        readonly response: ExchangeResponse;
        /** Of the body, expanded. */
        readonly bytes: number;
        /** How long its parts took, where that was measured. */
        readonly sample?: Sample;
      }
    /** `late`: it was under way, and did not come through in its time. */
    | { readonly type: 'down'; readonly detail: string; readonly late?: boolean }
    | { readonly type: 'needs-auth' }
    | { readonly type: 'upgrade-required'; readonly detail: string }
    /** The server cannot take this now; `retryAfterMs` where it says when. */
    | { readonly type: 'busy'; readonly retryAfterMs: number | null; readonly detail: string }
    /**
     * The server does not accept the request (a bug or a limit). Nothing was applied. Where it speaks of
     * what was sent, and not of who sends it, a part may be taken.
     */
    | {
        readonly type: 'rejected';
        readonly code: string;
        readonly detail: string;
        readonly speaksOf: 'content' | 'sender';
      }
  );

/** What a backend that assigns ids is told beside the request. */
export interface IdentityContext {
  /** Of the creates in the request: whose record has its server id. It was made; it is not to be made again. */
  readonly mapped: readonly RecordMapping[];
  /** What may have left this device before, without an answer that came through (ID5). */
  readonly resent: readonly MutationId[];
}

/** What an exchange is told by whoever asks for it. */
export interface ExchangeCall {
  /** How long it may stay silent, with a body of so many bytes. */
  deadlines(sentBytes: number): Deadlines;
  /** Something moved on the link; the next is due within so many milliseconds. */
  onProgress(withinMs: number): void;
  /** Only for a backend that assigns ids. */
  readonly identity?: IdentityContext;
}

/** The other end: our server, an existing API, or the simulated world. */
export interface Backend {
  /**
   * Declared by a backend that gives records ids of its own (ID2). Requests come to it with server ids, and its
   * answers are given with server ids; cursors are kept and given back as they are. Local are only the id of a
   * create's record, by which it can be looked up, and references to records that are created in the same
   * transaction, itself among them: `translateMutation` puts the ids in their place that those have got.
   */
  readonly identity?: 'assigned';
  /** Never throws: everything that can happen to a request is a result. */
  exchange(request: ExchangeRequest, signal: AbortSignal, call: ExchangeCall): Promise<ExchangeResult>;
  /**
   * Listens for "there is news" until the signal is aborted or the link breaks; the promise ends then,
   * and says whether it was ever open. Calls `onNews` when it opens too: what came before was not heard.
   */
  live(onNews: () => void, signal: AbortSignal): Promise<'was-open' | 'never-open'>;
  /** Bytes on the wire since this was last asked, as far as they are known. */
  takeTraffic?(): Traffic;
}

/** What a backend needs of the device it serves. */
export interface BackendHome {
  readonly platform: Pick<Platform, 'clock' | 'locks' | 'random' | 'timers'>;
  /** Names this store's locks: equal for all tabs of it. */
  readonly storeName: string;
  readonly tokens: TokenShelf;
}
