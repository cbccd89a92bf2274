import type { Scope } from '@holdfast/core';
import type { Session } from '../auth/auth.ts';
import type { ServerStore } from '../store/server-store.ts';
import { NOT_STORED } from './respond.ts';

export interface LiveOptions {
  /** News that follow each other within this become one event. */
  readonly coalesceMs: number;
  /** A comment after so much silence keeps proxies from closing the stream, and shows both sides that it lives. */
  readonly heartbeatMs: number;
}

interface Stream {
  readonly scopes: ReadonlySet<Scope>;
  readonly expiresAt: number | null;
  readonly controller: ReadableStreamDefaultController<Uint8Array>;
  readonly leave: () => void;
  news: boolean;
}

const encoder = new TextEncoder();
const OPEN = encoder.encode(': open\n\n');
const HEARTBEAT = encoder.encode(': \n\n');
const NEWS = encoder.encode('data: {"news":true}\n\n');

/**
 * The open event streams. They say only that there is news in one of their user's scopes; what it is, a
 * device asks in an exchange. Nothing is buffered for a reader that does not read.
 */
export class LiveStreams {
  readonly #streams = new Set<Stream>();
  readonly #options: LiveOptions;
  readonly #clock: { now(): number };
  readonly #stopNews: () => void;
  readonly #heartbeat: ReturnType<typeof setInterval>;
  #flush: ReturnType<typeof setTimeout> | null = null;

  constructor(store: ServerStore, clock: { now(): number }, options: LiveOptions) {
    this.#options = options;
    this.#clock = clock;
    this.#stopNews = store.onNews((scopes) => this.#hear(scopes));
    this.#heartbeat = setInterval(() => this.#beat(), options.heartbeatMs);
    this.#heartbeat.unref();
  }

  /** A response that stays open until its reader leaves or its token ends. `leave` is called then, once. */
  open({ principal, expiresAt }: Session, leave: () => void): Response {
    let stream: Stream | null = null;
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        stream = { scopes: new Set(principal.scopes), expiresAt, controller, leave, news: false };
        this.#streams.add(stream);
        controller.enqueue(OPEN);
      },
      pull: () => {
        if (stream?.news) this.#tell(stream);
      },
      cancel: () => {
        if (stream !== null) this.#drop(stream);
      },
    });
    const headers = { ...NOT_STORED, 'content-type': 'text/event-stream', 'x-accel-buffering': 'no' };
    return new Response(body, { headers });
  }

  close(): void {
    this.#stopNews();
    clearInterval(this.#heartbeat);
    if (this.#flush !== null) clearTimeout(this.#flush);
    for (const stream of this.#streams) this.#end(stream);
  }

  #hear(scopes: readonly Scope[]): void {
    let anybody = false;
    for (const stream of this.#streams) {
      if (!stream.news && scopes.some((scope) => stream.scopes.has(scope))) stream.news = true;
      anybody ||= stream.news;
    }
    if (!anybody || this.#flush !== null) return;
    this.#flush = setTimeout(() => {
      this.#flush = null;
      for (const stream of this.#streams) if (stream.news) this.#tell(stream);
    }, this.#options.coalesceMs);
    this.#flush.unref();
  }

  #tell(stream: Stream): void {
    // Who does not read hears once they do: `pull` comes back here.
    if ((stream.controller.desiredSize ?? 0) <= 0) return;
    stream.news = false;
    stream.controller.enqueue(NEWS);
  }

  #beat(): void {
    const now = this.#clock.now();
    for (const stream of this.#streams) {
      if (stream.expiresAt !== null && now >= stream.expiresAt) this.#end(stream);
      else if ((stream.controller.desiredSize ?? 0) > 0) stream.controller.enqueue(HEARTBEAT);
    }
  }

  #end(stream: Stream): void {
    this.#drop(stream);
    stream.controller.close();
  }

  #drop(stream: Stream): void {
    if (this.#streams.delete(stream)) stream.leave();
  }
}
