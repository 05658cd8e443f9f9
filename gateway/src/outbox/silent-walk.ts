import { firstIdAt } from '../message/id.ts';
import { STATUS } from '../message/status.ts';
import type { Clock } from '../store/clock.ts';
import { DAY_MS } from '../store/partitions.ts';
import type { Statement, Store } from '../store/store.ts';
import type { Waiting } from './claim.ts';
import { TAKEN_AT } from './receipts.ts';
import type { Settle } from './settle.ts';

/** Days that WhatsApp tries to deliver what has no life of its own (meta-cloud-api §3.4). */
const USUAL_DAYS = 30;

/**
 * With a shorter retention a receipt that comes later than the day is kept finds no message any more, so it is over then.
 * What left late has a day all the same: its day stays so long.
 */
const SHORT_DAYS = 1;

/** What WhatsApp took within this time of its acceptance is over when the walk meets it; what waited longer has a row. */
const SLACK_MS = 300_000;

/** Rows that one step looks at: what they become is settled with the answers of sends, and those must not wait for long. */
const STEP = 1_000;

/** A run ends after this long, so that a stop need not wait for it; the next goes on. */
const RUN_MS = 2_000;

/** How far the walk has come, for a restart and for other nodes: an id in `settings`. */
const PLACE = 'silent_walk';

interface Step {
  readonly looked: number;
  /** Null when nothing was looked at. */
  readonly last: string | null;
  readonly over: readonly Waiting[];
}

/**
 * The next rows in the order of the key: no index is kept for them. Of our own messages without a word of their delivery
 * those are told that are over; the others, which waited in the queue for long or do still, are looked at again by
 * `receipts_due`.
 *
 * Parameters: now; the id to go on after; the id to end before; for how long WhatsApp tries, in seconds; rows to look at.
 */
export const WALK: Statement<Step> = {
  name: 'silent_walk',
  text: `
    with looked as materialized (
      select m.id, m.sender_id, m.attempt, m.direction, m.status, m.ended_at, ${TAKEN_AT('m')} as taken_at
      from messages m where m.id > $2::uuid and m.id < $3::uuid order by m.id limit $5::int
    ), silent as materialized (
      select id, sender_id, attempt, taken_at, status >= ${STATUS.accepted} and coalesce(taken_at + $4::int * interval '1 s' <= $1::timestamptz, true) as over
      from looked where direction = 0 and status <= ${STATUS.sent} and ended_at is null
    ), later as (
      insert into receipts_due (message_id, ttl_s, due_at)
      select id, $4::int, coalesce(taken_at, $1::timestamptz) + $4::int * interval '1 s' from silent where not over order by id
      on conflict (message_id) do update
      set ttl_s = least(receipts_due.ttl_s, excluded.ttl_s), due_at = least(receipts_due.due_at, excluded.due_at)
    )
    select json_build_object(
      'looked', (select count(*) from looked),
      'last', (select id from looked order by id desc limit 1),
      'over', (select coalesce(json_agg(json_build_object('id', id, 'sender', sender_id, 'attempt', attempt)), '[]')
        from silent where over)
    ) as out`,
};

const READ_PLACE: Statement<string | null> = {
  name: 'read_silent_walk',
  text: `select (select value from settings where name = '${PLACE}') as out`,
};

const KEEP_PLACE: Statement<string> = {
  name: 'keep_silent_walk',
  text: `
    insert into settings (name, value) values ('${PLACE}', $1::text)
    on conflict (name) do update set value = greatest(settings.value::uuid, excluded.value::uuid)::text
    returning value as out`,
};

export interface SilentWalkOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly settle: Pick<Settle, 'silent'>;
  /** Whole days before today that retention keeps. */
  readonly keepDays: number;
}

/**
 * Ends the reports of messages that have WhatsApp's usual 30 days, when those are over or before retention drops their day,
 * whichever comes first: a day with one that was not ended is not dropped.
 *
 * It walks the messages once, in the order of their key, 30 days behind the clock. Its place is written down only when what
 * it has met is, so a crash repeats a few steps, and so do two nodes at once; ending a message twice does nothing.
 */
export class SilentWalk {
  readonly #options: SilentWalkOptions;
  /** Ids in this form are ordered as texts are. */
  #place = firstIdAt(0);

  constructor(options: SilentWalkOptions) {
    this.#options = options;
  }

  /**
   * Goes on for two seconds at most.
   *
   * @returns how many messages were ended
   */
  async run(): Promise<number> {
    const { store, clock, settle, keepDays } = this.#options;
    const began = clock.monotonic();
    const now = clock.now();
    const days = keepDays < USUAL_DAYS ? SHORT_DAYS : USUAL_DAYS;
    const end = firstIdAt(
      keepDays < USUAL_DAYS
        ? (Math.floor(now.getTime() / DAY_MS) - keepDays) * DAY_MS
        : now.getTime() - USUAL_DAYS * DAY_MS - SLACK_MS,
    );
    // Another node may be further.
    const known = (await store.run(READ_PLACE, [])) ?? '';
    if (known > this.#place) this.#place = known;
    let ended = 0;
    let moved = false;
    while (this.#place < end && clock.monotonic() < began + RUN_MS) {
      const { looked, last, over } = await store.run(WALK, [
        now.toISOString(),
        this.#place,
        end,
        String((days * DAY_MS) / 1000),
        String(STEP),
      ]);
      await Promise.all(over.map(message => settle.silent(message)));
      ended += over.length;
      moved ||= looked > 0;
      this.#place = looked < STEP || last === null ? end : last;
    }
    if (moved) await store.run(KEEP_PLACE, [this.#place]);
    return ended;
  }
}
