import type { ServerResponse } from 'node:http';
import type { Listener, Place, Portion } from '../reports/event-feed.ts';
import type { LoggedEvent } from '../reports/event-log.ts';

/** Proxies close a connection on which nothing comes, many after half a minute. */
const HEARTBEAT_MS = 15_000;

/** A client that takes nothing for so long is let go: it may resume. */
const STALL_MS = 30_000;

/** So often is looked whether something of the above is due, and whether the key is in force. */
const TICK_MS = 1_000;

/** A client connects again after this pause. */
const RETRY_MS = 1_000;

/** The first event of each stream, from where on nothing is missed; later in the place of a heartbeat. */
const PLACE = 'stream.place';

export interface EventStreamOptions {
  readonly workspaceId: string;
  readonly mask: number;
  readonly response: ServerResponse;
  /** Where it starts. */
  readonly place: Place;
  /** Whether it is to be told of this event, which may be of another kind. */
  readonly wants: (event: LoggedEvent) => boolean;
  /** Type and data of an event as they are told. */
  readonly show: (event: LoggedEvent) => { readonly type: string };
  /** What is told when events after the place that the client knows are not kept any more. */
  readonly gap: (after: string) => { readonly type: string };
  /** Whether the one who listens still may. */
  readonly isAllowed: () => boolean;
  /** It can be told more. */
  readonly onReady: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

/**
 * One connection of `text/event-stream` (WHATWG HTML §9.2). It holds no queue: while its socket is full it is not ready,
 * and what happens meanwhile stays in the log.
 */
export class EventStream implements Listener {
  readonly workspaceId: string;
  readonly mask: number;
  readonly #options: EventStreamOptions;
  readonly #timer: NodeJS.Timeout;
  #place: Place;
  /** The place that the client knows. */
  #told: string;
  #writtenAt: number;
  #fullSince: number | undefined;

  constructor(options: EventStreamOptions) {
    const { response, place } = options;
    this.workspaceId = options.workspaceId;
    this.mask = options.mask;
    this.#options = options;
    this.#place = place;
    this.#told = writePlace(place);
    this.#writtenAt = options.now();
    response.on('drain', () => {
      this.#fullSince = undefined;
      options.onReady();
    });
    response.once('close', () => clearInterval(this.#timer));
    response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx would collect the answer before it passes it on.
      'x-accel-buffering': 'no',
    });
    this.#write(`retry: ${RETRY_MS}\n${this.#here()}`);
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  isReady(): boolean {
    return this.#fullSince === undefined;
  }

  take({ isGap, events, place }: Portion): void {
    this.#place = place;
    let text = '';
    if (isGap) {
      const data = this.#options.gap(this.#told);
      // Without an id: whoever is cut off behind it is told of the gap again.
      text += `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
    }
    for (const event of events) {
      if (!this.#options.wants(event)) continue;
      const data = this.#options.show(event);
      this.#told = writePlace({ position: event.position, index: event.last ? null : event.index });
      text += `id: ${this.#told}\nevent: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
    }
    if (text !== '') this.#write(text);
  }

  /** Ends it; the client may connect again at once. */
  end(): void {
    // What a client does not take would keep the connection open.
    if (this.isReady()) this.#options.response.end();
    else this.#options.response.destroy();
  }

  #tick(): void {
    const now = this.#options.now();
    if (!this.#options.isAllowed()) {
      this.end();
      return;
    }
    if (this.#fullSince !== undefined) {
      if (now - this.#fullSince >= STALL_MS) this.end();
      return;
    }
    if (now - this.#writtenAt < HEARTBEAT_MS) return;
    const place = writePlace(this.#place);
    if (place === this.#told) {
      this.#write(':\n\n');
      return;
    }
    // What happened was not for this client, and need not be looked through again when he resumes.
    this.#told = place;
    this.#write(this.#here());
  }

  /** Says where the client is. By the standard an id without data would do, but many clients pass that over. */
  #here(): string {
    return `id: ${this.#told}\nevent: ${PLACE}\ndata: {"type":"${PLACE}"}\n\n`;
  }

  #write(text: string): void {
    this.#writtenAt = this.#options.now();
    if (!this.#options.response.write(text)) this.#fullSince ??= this.#writtenAt;
  }
}

/** A place as the client gives it back: opaque to him, in order within a workspace. */
export function writePlace({ position, index }: Place): string {
  return index === null ? String(position) : `${position}-${index}`;
}

/** @returns undefined when it was not written here */
export function readPlace(text: string): Place | undefined {
  const [, position, index] = /^(\d{1,15})(?:-(\d{1,9}))?$/.exec(text) ?? [];
  if (position === undefined) return undefined;
  return { position: Number(position), index: index === undefined ? null : Number(index) };
}
