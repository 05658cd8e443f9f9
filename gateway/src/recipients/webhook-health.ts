import { sql } from 'kysely';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import { WINDOW_MS } from './windows.ts';

/** How often what was heard is written down, and what other nodes heard is read. */
export const HEARTBEAT_MS = 10_000;

/** Gateways that were silent for longer than this may have missed webhooks. */
const OUTAGE_MS = 60_000;

/** Meta reports a send within seconds; a sender whose sends nobody reports after this long has no webhook. */
const UNHEARD_MS = 5 * 60_000;

/** Names of rows in `settings`. */
const ALIVE = 'gateway_alive_at';
const OUTAGE = 'gateway_outage_at';

interface Heard {
  /** Unix ms. */
  readonly first: number;
  readonly last: number;
}

export interface WebhookHealthOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** A sender's messages are sent and nothing is heard of them; once, until something is heard. */
  readonly onUnheard: (senderId: string) => void;
}

/**
 * Whether the webhooks of a sender come. "The window is closed" is a conclusion from what was not heard, so it is drawn
 * only when the sender has been heard for a whole window, within the last one too, and no gateway was away meanwhile.
 */
export class WebhookHealth {
  readonly #options: WebhookHealthOptions;
  readonly #heard = new Map<string, Heard>();
  /** Heard since the last heartbeat. */
  readonly #fresh = new Map<string, number>();
  /** Senders with sends of which nothing was heard since, and since when. */
  readonly #waiting = new Map<string, number>();
  readonly #alerted = new Set<string>();
  #outageAt = Number.NEGATIVE_INFINITY;

  constructor(options: WebhookHealthOptions) {
    this.#options = options;
  }

  /** A webhook of these senders has come, and its signature fits. */
  heard(senderIds: readonly string[]): void {
    const now = this.#options.clock.now().getTime();
    for (const id of senderIds) {
      this.#fresh.set(id, now);
      this.#waiting.delete(id);
      this.#alerted.delete(id);
    }
  }

  /** WhatsApp has taken a message of this sender. */
  sent(senderId: string): void {
    if (!this.#waiting.has(senderId)) this.#waiting.set(senderId, this.#options.clock.now().getTime());
  }

  /** True when a window that does not stand open is closed. Costs no query. */
  closedIsKnown(senderId: string): boolean {
    const heard = this.#heard.get(senderId);
    if (heard === undefined) return false;
    const border = this.#options.clock.now().getTime() - WINDOW_MS;
    const last = this.#fresh.get(senderId) ?? heard.last;
    return heard.first <= border && last > border && this.#outageAt <= border;
  }

  /** When the sender was last heard. */
  lastAt(senderId: string): Date | undefined {
    const last = this.#fresh.get(senderId) ?? this.#heard.get(senderId)?.last;
    return last === undefined ? undefined : new Date(last);
  }

  /** The sender's messages are sent, and nothing is heard of them. */
  isUnheard(senderId: string): boolean {
    return this.#alerted.has(senderId);
  }

  /** Writes down what was heard, reads what others heard, and finds outages of all gateways. */
  async beat(): Promise<void> {
    const { store, clock } = this.#options;
    const now = clock.now();
    const fresh = [...this.#fresh].map(([sender, at]) => ({ sender, at: new Date(at) }));
    if (fresh.length > 0) {
      await sql`
        insert into sender_webhooks (sender_id, first_at, last_at)
        select i.sender, i.at, i.at from json_to_recordset(${JSON.stringify(fresh)}::json) as i(sender uuid, at timestamptz)
        join senders s on s.id = i.sender order by 1
        on conflict (sender_id) do update set last_at = greatest(sender_webhooks.last_at, excluded.last_at),
          first_at = case when sender_webhooks.last_at < excluded.last_at - interval '24 hours'
            then excluded.first_at else sender_webhooks.first_at end`.execute(store.db);
    }
    const { rows } = await sql<{ outage: string | null }>`
      with before as (select value::timestamptz as at from settings where name = ${ALIVE}),
      alive as (
        insert into settings (name, value) values (${ALIVE}, ${now.toISOString()})
        on conflict (name) do update set value = excluded.value
        where settings.value::timestamptz < excluded.value::timestamptz
      ), away as (
        insert into settings (name, value)
        select ${OUTAGE}, ${now.toISOString()} from before where at < ${new Date(now.getTime() - OUTAGE_MS)}
        on conflict (name) do update set value = excluded.value
        returning value
      )
      select coalesce((select value from away), (select value from settings where name = ${OUTAGE})) as outage
    `.execute(store.db);
    const outage = rows[0]?.outage;
    if (outage !== null && outage !== undefined) this.#outageAt = Date.parse(outage);
    const known = await store.db.selectFrom('sender_webhooks').selectAll().execute();
    this.#heard.clear();
    for (const row of known)
      this.#heard.set(row.sender_id, { first: row.first_at.getTime(), last: row.last_at.getTime() });
    // What came while this ran stays for the next.
    for (const { sender, at } of fresh)
      if (this.#fresh.get(sender) === at.getTime()) this.#fresh.delete(sender);
    this.#alert(now.getTime());
  }

  #alert(now: number): void {
    for (const [senderId, since] of this.#waiting) {
      const last = this.lastAt(senderId)?.getTime() ?? Number.NEGATIVE_INFINITY;
      if (last >= since) {
        // Another node has heard it.
        this.#waiting.delete(senderId);
        this.#alerted.delete(senderId);
      } else if (now - since >= UNHEARD_MS && !this.#alerted.has(senderId)) {
        this.#alerted.add(senderId);
        this.#options.onUnheard(senderId);
      }
    }
  }
}
