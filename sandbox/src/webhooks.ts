import type { Clock } from './clock.ts';
import { accountOf, senderOf, type WebhookItem, webhookBody } from './payload.ts';
import { Origin, type Post, signatureOf } from './post.ts';
import type { Schedule } from './schedule.ts';
import type { Account, Override, Sender } from './senders.ts';
import type { Settings } from './settings.ts';

/** Webhooks that found no 200, and when they began. */
export interface Delivery {
  items: WebhookItem[];
  /** Attempts so far. */
  attempts: number;
  /** Of the first attempt, ms. */
  since: number;
}

/** Meta tries for seven days. */
const GIVE_UP_MS = 7 * 24 * 3600 * 1000;
const RETRY_GAP_MAX_MS = 3600 * 1000;
/** Statuses wait so long for others when they are batched. */
const BATCH_MS = 20;
/** A receiver that is gone for long must not fill the memory of a laptop. */
const WAITING_MAX = 1_000_000;

interface Address {
  origin: Origin;
  path: string;
}

interface Batch {
  items: WebhookItem[];
  timer: NodeJS.Timeout;
}

/** Tells businesses what happens, as Meta does: signed, at least once, in no promised order. */
export class Webhooks {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #retries: Schedule<Delivery>;
  readonly #log: (line: string) => void;
  readonly #told: (items: WebhookItem[]) => void;
  /** Of senders that have no address of their own. */
  readonly #url: string | undefined;
  readonly #addresses = new Map<string, Address>();
  readonly #origins = new Map<string, Origin>();
  readonly #handshakes = new Set<string>();
  readonly #batches = new Map<Account, Map<string, Batch>>();
  #waiting = 0;
  #dropped = 0;

  /** `told` is called with what a receiver has answered 200. */
  constructor(parts: {
    clock: Clock;
    settings: Settings;
    retries: Schedule<Delivery>;
    log: (line: string) => void;
    told: (items: WebhookItem[]) => void;
    url: string | undefined;
  }) {
    this.#clock = parts.clock;
    this.#settings = parts.settings;
    this.#retries = parts.retries;
    this.#log = parts.log;
    this.#told = parts.told;
    this.#url = parts.url;
  }

  /** Sends one item, or lets it wait a moment for others when statuses are batched. */
  send(item: WebhookItem): void {
    const { status_batch } = this.#settings;
    if (item.kind !== 'status' || status_batch === 1) {
      this.#start([item]);
      return;
    }
    const { sender } = item.message;
    const { account } = sender;
    const url = this.#route(account, sender)?.url;
    if (url === undefined) return;
    const batches = this.#batches.get(account) ?? new Map<string, Batch>();
    this.#batches.set(account, batches);
    let batch = batches.get(url);
    if (batch === undefined) {
      const opened: Batch = {
        items: [],
        timer: setTimeout(() => this.#flush(batches, url, opened), BATCH_MS),
      };
      batch = opened;
      batches.set(url, batch);
    }
    batch.items.push(item);
    if (batch.items.length >= status_batch) this.#flush(batches, url, batch);
  }

  /** Goes on with a delivery whose time has come again. */
  resume(delivery: Delivery): void {
    const first = delivery.items[0]!;
    const account = accountOf(first);
    const route = this.#route(account, senderOf(first));
    if (route === undefined) return;
    if (this.#waiting + this.#retries.size >= WAITING_MAX) {
      this.#drop();
      return;
    }
    const address = this.#address(route.url);
    this.#greet(route, address);
    this.#waiting++;
    address.origin.post(new Webhook(delivery, address.path, account, this.#settings, this.#answered));
  }

  /** Whether a receiver passes Meta's handshake. */
  handshake(target: Override): Promise<boolean> {
    const { origin, path } = this.#address(target.url);
    this.#handshakes.add(`${target.url} ${target.verifyToken}`);
    return origin.handshake(path, target.verifyToken);
  }

  /** Stops sending; returns what has not been answered. */
  async close(): Promise<Delivery[]> {
    const left: Delivery[] = [];
    for (const batches of this.#batches.values()) {
      for (const batch of batches.values()) {
        clearTimeout(batch.timer);
        left.push({ items: batch.items, attempts: 0, since: this.#clock.now() });
      }
      batches.clear();
    }
    for (const origin of this.#origins.values()) {
      for (const post of await origin.close()) left.push((post as Webhook).delivery);
    }
    return left;
  }

  #start(items: WebhookItem[]): void {
    this.resume({ items, attempts: 0, since: this.#clock.now() });
  }

  #flush(batches: Map<string, Batch>, url: string, batch: Batch): void {
    clearTimeout(batch.timer);
    batches.delete(url);
    this.#start(batch.items);
  }

  readonly #answered = (delivery: Delivery, ok: boolean): void => {
    this.#waiting--;
    delivery.attempts++;
    if (ok) {
      this.#told(delivery.items);
      return;
    }
    const now = this.#clock.now();
    const gap = Math.min(this.#settings.retry_first_ms * 2 ** (delivery.attempts - 1), RETRY_GAP_MAX_MS);
    if (now - delivery.since > GIVE_UP_MS) this.#drop();
    else this.#retries.at(now + gap, delivery);
  };

  /**
   * Meta: the number's override wins over the WABA's, that over the app's address; news of the account itself
   * always goes to the app.
   */
  #route(account: Account, sender: Sender | undefined): Override | undefined {
    if (!account.subscribed) return undefined;
    const special = sender && (sender.override ?? account.override);
    if (special !== undefined) return special;
    const url = account.webhookUrl ?? this.#url;
    return url === undefined ? undefined : { url, verifyToken: account.verifyToken };
  }

  #address(url: string): Address {
    let address = this.#addresses.get(url);
    if (address === undefined) {
      const parsed = new URL(url);
      let origin = this.#origins.get(parsed.origin);
      if (origin === undefined) {
        origin = new Origin(parsed.origin);
        this.#origins.set(parsed.origin, origin);
      }
      address = { origin, path: parsed.pathname + parsed.search };
      this.#addresses.set(url, address);
    }
    return address;
  }

  /** Meta would not deliver to an address that has not passed; here its owner is told, and gets it still. */
  #greet(target: Override, address: Address): void {
    const key = `${target.url} ${target.verifyToken}`;
    if (this.#handshakes.has(key)) return;
    this.#handshakes.add(key);
    address.origin.handshake(address.path, target.verifyToken).then(passed => {
      if (!passed) {
        this.#log(
          `${target.url} did not answer Meta's handshake (GET with hub.challenge); webhooks go there anyway.`,
        );
      }
    });
  }

  #drop(): void {
    this.#dropped++;
    // Powers of ten only: a receiver that is gone would fill the log.
    if (/^10*$/.test(String(this.#dropped))) {
      this.#log(`${this.#dropped} webhook(s) given up: no 200 for seven days, or too many waiting.`);
    }
  }
}

class Webhook implements Post {
  readonly delivery: Delivery;
  readonly #path: string;
  readonly #account: Account;
  readonly #settings: Settings;
  readonly #answered: (delivery: Delivery, ok: boolean) => void;

  constructor(
    delivery: Delivery,
    path: string,
    account: Account,
    settings: Settings,
    answered: (delivery: Delivery, ok: boolean) => void,
  ) {
    this.delivery = delivery;
    this.#path = path;
    this.#account = account;
    this.#settings = settings;
    this.#answered = answered;
  }

  request() {
    const body = webhookBody(this.delivery.items, this.#settings.webhook_version);
    return {
      path: this.#path,
      method: 'POST',
      headers: [
        'content-type',
        'application/json',
        'user-agent',
        'facebookexternalua',
        'x-hub-signature-256',
        signatureOf(body, this.#account),
      ],
      body,
    };
  }

  answered(ok: boolean): void {
    this.#answered(this.delivery, ok);
  }
}
