import type { Message, ReportedStatus } from './message.ts';
import { type Files, phoneMessage } from './render.ts';

/** What goes on at the phones and at the receivers of webhooks, for whoever watches; nothing is serialised while nobody does. */
export class Feed {
  readonly #files: Files;
  readonly #watchers = new Set<(event: string) => void>();

  constructor(files: Files) {
    this.#files = files;
  }

  /** `watcher` takes events in the text of server-sent events; returns how to stop watching. */
  watch(watcher: (event: string) => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  message(message: Message): void {
    if (this.#watchers.size > 0) this.#tell('message', phoneMessage(message, this.#files));
  }

  status(message: Message, status: ReportedStatus, at: number): void {
    if (this.#watchers.size === 0) return;
    const { failure } = phoneMessage(message, this.#files);
    this.#tell('status', {
      wamid: message.wamid,
      phone: message.phone,
      status,
      at: new Date(at).toISOString(),
      ...(failure && { failure }),
    });
  }

  /** A request to a receiver, and again when its answer is known; `brief` is asked for only when somebody watches. */
  delivery(brief: () => object): void {
    if (this.#watchers.size > 0) this.#tell('delivery', brief());
  }

  /** A receiver was emptied, or is to behave in another way. */
  receiver(name: string): void {
    if (this.#watchers.size > 0) this.#tell('receiver', { name });
  }

  #tell(event: string, data: object): void {
    const text = `event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    for (const watcher of this.#watchers) watcher(text);
  }
}
