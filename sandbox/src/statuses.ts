import type { Clock } from './clock.ts';
import type { Misbehaviour } from './faults.ts';
import type { Message, ReportedStatus } from './message.ts';
import type { Phone, Phones } from './phones.ts';
import type { Random } from './random.ts';
import type { Schedule } from './schedule.ts';
import type { Settings } from './settings.ts';

/** A status of a message to a phone, as it is told to the business. */
export interface StatusEvent {
  kind: 'status';
  message: Message;
  status: ReportedStatus;
  /** When it happened, ms; the webhook may leave later. */
  at: number;
  /** Meta's code, for `failed` */
  code: number | undefined;
  /** What Meta says of the failure. */
  details: string | undefined;
  /** The person hides their number from the business. */
  hidden: boolean;
  /** Carries the price. */
  priced: boolean;
  /**
   * as it happens · only while phones read by themselves · told twice, once more after a moment ·
   * the second telling, which changes nothing
   */
  telling: 'once' | 'by_itself' | 'twice' | 'again';
}

/** Between the webhooks of reordered statuses, so that no receiver sees them in order by chance. */
const REORDERED_GAP_MS = 100;
/** From a webhook to its repetition. */
const AGAIN_MS = 20;

/**
 * What phones do with a message after it is accepted:
 *
 *   accepted ─→ sent ─→ delivered ─→ read
 *       └─→ failed
 *
 * Each step is planned at once, waits in the schedule and is told by webhook when its time comes.
 */
export class Statuses {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #settings: Settings;
  readonly #schedule: Schedule<StatusEvent>;
  readonly #phones: Phones;
  readonly #tell: (event: StatusEvent) => void;

  constructor(parts: {
    clock: Clock;
    random: Random;
    settings: Settings;
    schedule: Schedule<StatusEvent>;
    phones: Phones;
    tell: (event: StatusEvent) => void;
  }) {
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#settings = parts.settings;
    this.#schedule = parts.schedule;
    this.#phones = parts.phones;
    this.#tell = parts.tell;
  }

  /** Plans the statuses of a message that has just been accepted. */
  plan(message: Message, misbehaviour: Misbehaviour | undefined): void {
    const { auto_read, sent_ms, delivered_ms, read_ms, late_ms } = this.#settings;
    const sent = message.at + this.#vary(sent_ms);
    const delivered = Math.max(sent, message.at + this.#vary(delivered_ms));
    const read = Math.max(delivered, message.at + this.#vary(read_ms));
    const put = (
      status: ReportedStatus,
      at: number,
      due = at,
      telling: StatusEvent['telling'] = status === 'read' ? 'by_itself' : 'once',
      code?: number,
      details?: string,
    ) =>
      this.#schedule.at(due, {
        kind: 'status',
        message,
        status,
        at,
        code,
        details,
        hidden: false,
        priced: false,
        telling,
      });

    switch (misbehaviour?.kind) {
      case 'no_status':
        break;
      case 'fail':
        put('failed', sent, sent, 'once', misbehaviour.code, misbehaviour.details);
        break;
      case 'late':
        put('sent', sent, sent + late_ms);
        put('delivered', delivered, delivered + late_ms);
        put('read', read, read + late_ms);
        break;
      case 'reordered': {
        const first = auto_read ? read : delivered;
        put('read', read, first);
        put('delivered', delivered, first + REORDERED_GAP_MS);
        put('sent', sent, first + 2 * REORDERED_GAP_MS);
        break;
      }
      case 'duplicated':
        put('sent', sent, sent, 'twice');
        put('delivered', delivered, delivered, 'twice');
        if (auto_read) put('read', read, read, 'twice');
        break;
      case 'read_without_delivered':
        put('sent', sent);
        put('read', read, read, 'once');
        break;
      default:
        put('sent', sent);
        // Meta tells no more than `sent` of a reaction.
        if (message.type === 'reaction') break;
        put('delivered', delivered);
        put('read', read);
    }
  }

  /** The time of a status has come. */
  fire(event: StatusEvent): void {
    const { message, status, at, telling } = event;
    if (telling !== 'again') {
      if (telling === 'by_itself' && !this.#settings.auto_read) return;
      // The person at the page was quicker.
      if (status === 'read' && message.status === 'read') return;
      event.priced = price(message, status);
      event.hidden = this.#phones.hides(message.phone);
      this.#phones.move(message, status, at, event.code);
      if (telling === 'twice')
        this.#schedule.at(this.#clock.now() + AGAIN_MS, { ...event, telling: 'again' });
    }
    this.#tell(event);
  }

  /** The person looks at the phone: everything delivered is read. Returns how many messages. */
  read(phone: Phone): number {
    const now = this.#clock.now();
    let count = 0;
    for (const message of phone.messages) {
      if (message.direction !== 'to_phone' || message.status !== 'delivered') continue;
      this.fire({
        kind: 'status',
        message,
        status: 'read',
        at: now,
        code: undefined,
        details: undefined,
        hidden: false,
        priced: false,
        telling: 'once',
      });
      count++;
    }
    return count;
  }

  #vary(ms: number): number {
    return Math.round(ms * (1 + this.#settings.jitter * (2 * this.#random() - 1)));
  }
}

/** Meta: pricing comes with `sent` and with the first of `delivered` and `read`. */
function price(message: Message, status: ReportedStatus): boolean {
  if (status === 'sent') return true;
  if (status === 'failed' || message.priced) return false;
  message.priced = true;
  return true;
}
