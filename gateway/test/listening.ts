import { createParser } from 'eventsource-parser';
import { expect } from 'vitest';
import type { Json } from './api.ts';

export interface Heard {
  readonly id: string;
  readonly type: string;
  readonly data: Json;
}

/** Somebody at `GET /api/events`, on a connection of his own. */
export interface Listening {
  readonly status: number;
  readonly headers: Headers;
  /** Of a refusal. */
  readonly problem: Json;
  /** All but those that say only where the stream is. */
  readonly events: Heard[];
  readonly comments: string[];
  /** What a client gives back when he comes again. */
  readonly place: () => string;
  readonly isOver: () => boolean;
  /** Waits for so many events. */
  readonly heard: (count: number) => Promise<Heard[]>;
  /** Cuts the connection; what is on its way is lost. */
  readonly cut: () => void;
}

export interface ListenOptions {
  readonly key?: string | null;
  /** As in `?types=message.sent`. */
  readonly query?: string;
  readonly after?: string;
}

/** Resolves when the headers are there and, of a stream, its first place. */
export async function listen(url: string, options: ListenOptions = {}): Promise<Listening> {
  const { key = null, query = '', after } = options;
  const connection = new AbortController();
  const response = await fetch(`${url}/api/events${query}`, {
    signal: connection.signal,
    headers: {
      accept: 'text/event-stream',
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(after === undefined ? {} : { 'last-event-id': after }),
    },
  });
  const events: Heard[] = [];
  const comments: string[] = [];
  let place = after ?? '';
  let over = false;
  const isStream = response.status === 200;
  const listening: Listening = {
    status: response.status,
    headers: response.headers,
    problem: isStream ? undefined : await response.json(),
    events,
    comments,
    place: () => place,
    isOver: () => over,
    heard: async count => {
      await expect.poll(() => events.length, { interval: 5 }).toBeGreaterThanOrEqual(count);
      return events;
    },
    cut: () => connection.abort(),
  };
  if (!isStream) return listening;
  let started = (): void => {};
  const start = new Promise<void>(resolve => {
    started = resolve;
  });
  const parser = createParser({
    onEvent: ({ id = '', event = 'message', data }) => {
      if (id !== '') place = id;
      if (event === 'stream.place') started();
      else events.push({ id, type: event, data: JSON.parse(data) as Json });
    },
    onComment: comment => void comments.push(comment),
  });
  const read = async (): Promise<void> => {
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      // What comes after a cut has not come.
      if (connection.signal.aborted) return;
      parser.feed(chunk);
    }
  };
  read()
    .catch(() => {})
    .finally(() => {
      over = true;
      started();
    });
  await start;
  return listening;
}
