import { createHash } from 'node:crypto';
import type { Feed } from '../feed.ts';
import { type Behaviour, Conduct, type Misbehaviour } from './behaviour.ts';
import { briefOf, type Delivery } from './delivery.ts';
import { readEvent } from './dialects.ts';
import type { Keys } from './keys.ts';
import { judge } from './signature.ts';

/** The receiver that is there from the start. */
export const MAIN = 'main';

/** The newest of each receiver. */
const KEPT_PER_RECEIVER = 500;
/** Of all receivers together, headers included; the oldest go first. */
const KEPT_MAX_BYTES = 64 * 1024 * 1024;
/** Above it the receiver that has been quiet for longest is forgotten. */
const RECEIVERS_MAX = 200;
/** Of events a receiver remembers that it had them. */
const SEEN_MAX = 10_000;

/** A receiver: what came, how it answers, what it checks with. */
export interface Receiver {
  name: string;
  conduct: Conduct;
  keys: Keys;
  /** oldest first */
  deliveries: Delivery[];
  /** Since it was made or emptied. */
  counts: { received: number; repeats: number; invalid: number };
  /** event → how often it came */
  seen: Map<string, number>;
}

/** What came, before anything is known of it. */
export type Incoming = Pick<Delivery, 'method' | 'path' | 'headers' | 'body'>;

/** Customers' endpoints that keep what they get, in memory only. */
export class Receivers {
  /** The one that was quiet for longest stands first. */
  readonly #receivers = new Map<string, Receiver>();
  readonly #feed: Feed;
  readonly #now: () => number;
  #count = 0;
  #bytes = 0;

  /** @param now ms since 1970 by the machine: a test that moves the network's time ahead moves no sender's clock */
  constructor(feed: Feed, now: () => number = Date.now) {
    this.#feed = feed;
    this.#now = now;
    this.open(MAIN);
  }

  /** By name, the usual one first. */
  all(): Receiver[] {
    return [...this.#receivers.values()].sort((a, b) =>
      a.name === MAIN ? -1 : b.name === MAIN ? 1 : a.name < b.name ? -1 : 1,
    );
  }

  get(name: string): Receiver | undefined {
    return this.#receivers.get(name);
  }

  /** The receiver of this name, made when there is none. */
  open(name: string): Receiver {
    const known = this.#receivers.get(name);
    if (known !== undefined) return known;
    if (this.#receivers.size >= RECEIVERS_MAX) this.#forgetQuietest();
    const made: Receiver = {
      name,
      conduct: new Conduct(),
      keys: {},
      deliveries: [],
      counts: { received: 0, repeats: 0, invalid: 0 },
      seen: new Map(),
    };
    this.#receivers.set(name, made);
    return made;
  }

  change(receiver: Receiver, behaviour: Behaviour | undefined, keys: Keys): void {
    if (behaviour !== undefined) receiver.conduct.set(behaviour);
    receiver.keys = { ...receiver.keys, ...keys };
    this.#feed.receiver(receiver.name);
  }

  /** Keeps what came; whoever calls it answers as it says, and tells with `told` when the answer is known. */
  take(name: string, incoming: Incoming): { delivery: Delivery; how: Misbehaviour } {
    const receiver = this.open(name);
    // To the end of the order: it is the one that spoke last.
    this.#receivers.delete(name);
    this.#receivers.set(name, receiver);
    const { dialect, type, id, attempt } = readEvent(incoming.headers, incoming.body);
    const how = receiver.conduct.next();
    const now = this.#now();
    const delivery: Delivery = {
      ...incoming,
      id: ++this.#count,
      receiver: name,
      at: now,
      dialect,
      type,
      eventId: id,
      attempt,
      seenBefore: id === undefined ? 0 : remember(receiver.seen, `${type}\0${id}`),
      signature: judge(dialect, incoming.headers, incoming.body, this.#keysOf(receiver), now),
      answer: {
        behaviour: how.kind,
        state: 'waiting',
        status: undefined,
        retryAfter: undefined,
        location: undefined,
        ms: undefined,
      },
    };
    receiver.counts.received += 1;
    if (delivery.seenBefore > 0) receiver.counts.repeats += 1;
    if (delivery.signature.verdict === 'invalid') receiver.counts.invalid += 1;
    this.#keep(receiver, delivery);
    return { delivery, how };
  }

  /** A workspace signs for all its endpoints with one key: the usual receiver's does for those without their own. */
  #keysOf({ keys }: Receiver): Keys {
    return { ...keys, telnyx: keys.telnyx ?? this.#receivers.get(MAIN)?.keys.telnyx };
  }

  /** Shows a delivery, or what has become of its answer, to whoever watches. */
  told(delivery: Delivery): void {
    this.#feed.delivery(() => briefOf(delivery));
  }

  /** Forgets what came, and which events were among it. */
  empty(receiver: Receiver): void {
    this.#clear(receiver);
    this.#feed.receiver(receiver.name);
  }

  #clear(receiver: Receiver): void {
    for (const delivery of receiver.deliveries) this.#bytes -= sizeOf(delivery);
    receiver.deliveries = [];
    receiver.counts = { received: 0, repeats: 0, invalid: 0 };
    receiver.seen.clear();
  }

  #keep(receiver: Receiver, delivery: Delivery): void {
    receiver.deliveries.push(delivery);
    this.#bytes += sizeOf(delivery);
    if (receiver.deliveries.length > KEPT_PER_RECEIVER) this.#dropOldest(receiver);
    while (this.#bytes > KEPT_MAX_BYTES && this.#dropOldest(this.#withOldest()));
  }

  #withOldest(): Receiver | undefined {
    let found: Receiver | undefined;
    for (const receiver of this.#receivers.values()) {
      const [oldest] = receiver.deliveries;
      if (oldest !== undefined && oldest.id < (found?.deliveries[0]?.id ?? Number.POSITIVE_INFINITY)) {
        found = receiver;
      }
    }
    return found;
  }

  #dropOldest(receiver: Receiver | undefined): boolean {
    const dropped = receiver?.deliveries.shift();
    if (dropped !== undefined) this.#bytes -= sizeOf(dropped);
    return dropped !== undefined;
  }

  #forgetQuietest(): void {
    for (const receiver of this.#receivers.values()) {
      if (receiver.name === MAIN) continue;
      this.#clear(receiver);
      this.#receivers.delete(receiver.name);
      return;
    }
  }
}

function sizeOf({ body, headers, path }: Delivery): number {
  let size = body.length + path.length;
  for (const [name, value] of Object.entries(headers)) size += name.length + String(value).length;
  return size;
}

/** How often it was there before. Names are hashed: a body can make them as long as it likes. */
function remember(seen: Map<string, number>, event: string): number {
  const key = createHash('sha256').update(event).digest('base64');
  const before = seen.get(key) ?? 0;
  seen.delete(key);
  seen.set(key, before + 1);
  if (seen.size > SEEN_MAX) {
    for (const oldest of seen.keys()) {
      seen.delete(oldest);
      break;
    }
  }
  return before;
}
