import type { QueryClient } from '@tanstack/react-query';
import { createContext, useContext, useSyncExternalStore } from 'react';
import type { Phone, PhoneMessage, StatusUpdate } from './api.ts';
import { applyToMessages, applyToPhones, type LiveEvent, phoneOf } from './events.ts';
import { applyToDeliveries } from './receivers/deliveries.ts';
import type { Delivery } from './receivers/receiver.ts';

export type Connection = 'connecting' | 'open' | 'lost';

/** Events are shown in steps of this many ms, so that a load test does not draw the page a thousand times a second. */
const STEP_MS = 60;
/** Lists whose counts no event tells, of phones and of receivers, are asked for at most this often, ms. */
const COUNTS_EVERY_MS = 700;
/** Events kept for answers under way; a fetch takes far less than it takes a load test to send so many. */
const LOG_MAX = 20_000;
const RETRY_MS = [500, 1_000, 2_000, 4_000];

/**
 * The page's line to the sandbox: one stream of events, written into the query cache as they come.
 *
 *   connecting ──open──▶ open ──error──▶ lost ──open──▶ open (and everything is asked for again)
 *        └───────────────error──────────▶ lost ──error──▶ lost (waits longer each time, at most 4 s)
 *
 * An answer that was under way while events came is brought up to date with `since`, so that it cannot undo them.
 */
export class Live {
  #connection: Connection = 'connecting';
  #listeners = new Set<() => void>();
  #source: EventSource | undefined;
  #failures = 0;
  #log: LiveEvent[] = [];
  #logStart = 0;
  #shown = 0;
  #step: ReturnType<typeof setTimeout> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #counts = new Map<string, ReturnType<typeof setTimeout>>();
  readonly #queries: QueryClient;

  constructor(queries: QueryClient) {
    this.#queries = queries;
  }

  /** Connects and stays connected until the returned function is called. */
  start(): () => void {
    this.#connect();
    const retryNow = () => {
      if (this.#connection === 'lost') this.#connect();
    };
    window.addEventListener('online', retryNow);
    return () => {
      window.removeEventListener('online', retryNow);
      this.#source?.close();
      clearTimeout(this.#step);
      clearTimeout(this.#retry);
      for (const timer of this.#counts.values()) clearTimeout(timer);
      this.#counts.clear();
      this.#step = undefined;
    };
  }

  connection = (): Connection => this.#connection;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** A place in the stream, to be taken before a request is sent. */
  mark(): number {
    return this.#logStart + this.#log.length;
  }

  /** Every event that came after the mark. */
  since(mark: number): LiveEvent[] {
    return this.#log.slice(Math.max(0, mark - this.#logStart));
  }

  /** Shows an event at once; also for what the page itself has done, before the stream tells it. */
  add(event: LiveEvent): void {
    this.#log.push(event);
    if (this.#log.length > LOG_MAX) {
      const dropped = this.#log.length - LOG_MAX / 2;
      this.#log.splice(0, dropped);
      this.#logStart += dropped;
    }
    this.#step ??= setTimeout(() => this.#show(), STEP_MS);
  }

  #show(): void {
    this.#step = undefined;
    const events = this.since(this.#shown);
    this.#shown = this.mark();
    for (const phone of new Set(events.flatMap(event => phoneOf(event) ?? []))) {
      this.#queries.setQueryData<PhoneMessage[]>(
        ['messages', phone],
        known => known && applyToMessages(known, phone, events),
      );
    }
    this.#queries.setQueryData<Phone[]>(['phones'], known => known && applyToPhones(known, events));
    const deliveries = events.flatMap(event => (event.kind === 'delivery' ? event.delivery.receiver : []));
    for (const receiver of new Set(deliveries)) {
      this.#queries.setQueryData<Delivery[]>(
        ['deliveries', receiver],
        known => known && applyToDeliveries(known, receiver, events),
      );
    }
    if (deliveries.length < events.length) this.#count('phones');
    if (deliveries.length > 0) this.#count('receivers');
  }

  /** Asks for a list again, soon and not too often. */
  #count(list: 'phones' | 'receivers'): void {
    if (this.#counts.has(list)) return;
    const timer = setTimeout(() => {
      this.#counts.delete(list);
      void this.#queries.invalidateQueries({ queryKey: [list] }, { cancelRefetch: false });
    }, COUNTS_EVERY_MS);
    this.#counts.set(list, timer);
  }

  /** A receiver was emptied or changed: what is still to be shown comes first, so that it is not shown after that. */
  #changed(receiver: string): void {
    clearTimeout(this.#step);
    this.#show();
    void this.#queries.invalidateQueries({ queryKey: ['receivers'] });
    void this.#queries.invalidateQueries({ queryKey: ['deliveries', receiver] });
  }

  #connect(): void {
    this.#source?.close();
    clearTimeout(this.#retry);
    const source = new EventSource('/sandbox/events');
    this.#source = source;
    source.addEventListener('open', () => {
      this.#failures = 0;
      this.#set('open');
      // Whatever was said before the stream stood is not in it.
      void this.#queries.invalidateQueries();
    });
    source.addEventListener('message', event => {
      this.add({ kind: 'message', message: JSON.parse(event.data) as PhoneMessage });
    });
    source.addEventListener('status', event => {
      this.add({ kind: 'status', update: JSON.parse((event as MessageEvent<string>).data) as StatusUpdate });
    });
    source.addEventListener('delivery', event => {
      this.add({
        kind: 'delivery',
        delivery: JSON.parse((event as MessageEvent<string>).data) as Delivery,
      });
    });
    source.addEventListener('receiver', event => {
      this.#changed((JSON.parse((event as MessageEvent<string>).data) as { name: string }).name);
    });
    source.addEventListener('error', () => {
      // The browser gives up for good on an answer that is not a stream, so the retries are our own.
      source.close();
      this.#set('lost');
      const wait = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
      this.#retry = setTimeout(() => this.#connect(), wait);
    });
  }

  #set(connection: Connection): void {
    if (connection === this.#connection) return;
    this.#connection = connection;
    for (const listener of this.#listeners) listener();
  }
}

export const LiveContext = createContext<Live | null>(null);

export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error('The page is outside its LiveContext.');
  return live;
}

export function useConnection(): Connection {
  const live = useLive();
  return useSyncExternalStore(live.subscribe, live.connection);
}
