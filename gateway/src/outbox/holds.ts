import type { Failure } from '../message/failure.ts';
import type { Clock } from '../store/clock.ts';
import type { Statement, Store } from '../store/store.ts';

/** A shorter hold is a matter of pace, known to the owner alone; a longer one is written down and read at each renewal. */
export const WRITTEN_HOLD_MS = 10_000;

/** A sender that waits for a person is asked about after 1, 5 and 15 minutes, then hourly; as pauses between, in s. */
const PROBE_PAUSES_S = [60, 240, 600, 3_600] as const;

/** One that was found well and must wait again within this time goes on in that row. */
const RELAPSE_S = 3_600;

/** Nothing but a probe, a person or Meta's word ends such a hold. */
const UNTIL_MENDED = "interval '1 year'";

const PAUSE = (probes: string): string =>
  `make_interval(secs => (array[${PROBE_PAUSES_S.join(', ')}])[least(${probes}, ${PROBE_PAUSES_S.length - 1}) + 1])`;

/**
 * Writes down that a sender must wait, and why.
 *
 * Parameters: sender; until when, empty until it is mended; code; detail; now.
 */
const HOLD: Statement<number> = {
  name: 'hold',
  text: `
    with held as (
      update lanes l set held_until = coalesce(nullif($2, '')::timestamptz, $5::timestamptz + ${UNTIL_MENDED}), hold_code = $3,
        hold_detail = $4, probes = n.probes,
        probe_at = case when $2 = '' then $5::timestamptz + ${PAUSE('n.probes')} else l.probe_at end
      from (select sender_id, case when held_until is null and probe_at > $5::timestamptz then probes + 1 else probes end as probes
        from lanes where sender_id = $1::uuid) n
      where l.sender_id = n.sender_id returning 1
    )
    select count(*)::int as out from held`,
};

/**
 * Senders of this node that are to be asked about. What was well for long enough is forgotten on the way.
 *
 * Parameters: node id; now.
 */
const DUE: Statement<string[]> = {
  name: 'probes_due',
  text: `
    with well as (
      update lanes set probe_at = null, probes = 0
      where node_id = $1::uuid and probe_at <= $2::timestamptz and held_until is null
    )
    select coalesce(json_agg(sender_id), '[]') as out from lanes
    where node_id = $1::uuid and probe_at <= $2::timestamptz and held_until is not null`,
};

/**
 * Writes down what a probe has found.
 *
 * Parameters: sender; what is wrong still, empty when nothing; now.
 */
const PROBED: Statement<number> = {
  name: 'probed',
  text: `
    with probed as (
      update lanes set
        held_until = case when $2 <> '' then held_until end,
        hold_code = case when $2 <> '' then hold_code end,
        hold_detail = nullif($2, ''),
        probes = case when $2 = '' then probes else probes + 1 end,
        probe_at = case when $2 = '' then $3::timestamptz + interval '${RELAPSE_S} s'
          else $3::timestamptz + ${PAUSE('probes + 1')} end
      where sender_id = $1::uuid and held_until is not null returning 1
    )
    select count(*)::int as out from probed`,
};

export interface HoldsOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly nodeId: string;
  /** Reads the sender's number at the carrier; undefined when all is well. */
  readonly probe: (senderId: string) => Promise<Failure | undefined>;
  /** Looks at once at what is held. */
  readonly renew: () => Promise<void>;
  readonly onProbed: (senderId: string, failure: Failure | undefined) => void;
}

/** Senders that must wait, and how it is found out that they need not any more: never by a customer's message. */
export class Holds {
  readonly #options: HoldsOptions;

  constructor(options: HoldsOptions) {
    this.#options = options;
  }

  /** @param ms how long, undefined until it is mended */
  async hold(senderId: string, ms: number | undefined, code: string, detail: string): Promise<void> {
    const { store, clock } = this.#options;
    const now = clock.now();
    const until = ms === undefined ? '' : new Date(now.getTime() + ms).toISOString();
    await store.run(HOLD, [senderId, until, code, detail, now.toISOString()]);
  }

  /** Once a second: asks about the senders whose time has come. */
  async probe(): Promise<void> {
    const { store, clock, nodeId, probe, renew, onProbed } = this.#options;
    const due = await store.run(DUE, [nodeId, clock.now().toISOString()]);
    await Promise.all(
      due.map(async senderId => {
        const failure = await probe(senderId);
        const wrong = failure === undefined ? '' : `${failure.code}: ${failure.title}`;
        await store.run(PROBED, [senderId, wrong, clock.now().toISOString()]);
        onProbed(senderId, failure);
      }),
    );
    if (due.length > 0) await renew();
  }
}
