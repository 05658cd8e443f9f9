/**
 * States of a report, as stored. `waiting`: due, and its receiver has its share under way; outside the index of due ones.
 *
 *     pending ──claim──▶ pending, leased ──settle──▶ delivered | failed | pending, tried again later
 *        │                     ▲     ▲
 *        └──claim──▶ waiting ──┘     └── written so, by a node that delivers it itself
 *                      take, when its lane has room
 *
 * A replay puts `delivered` and `failed` ones into `waiting`.
 */
export const REPORT = { pending: 0, delivered: 1, failed: 2, waiting: 3 } as const;

/** A report that this node delivers now, with the row of `messages` or of `notices` that it is about, as JSON. */
export interface ClaimedReport {
  readonly id: string;
  /** Which receiver: the endpoint's id, or a hash of a message's own URL. */
  readonly lane: string;
  readonly kind: number;
  readonly occurred_at: string;
  readonly workspace_id: string;
  readonly endpoint_id: string | null;
  readonly dialect: string;
  readonly url: string;
  readonly failover_url: string | null;
  readonly attempt: number;
  /** Attempts that were made before the last replay. */
  readonly base: number;
  readonly message: Record<string, unknown> | null;
  readonly notice: Record<string, unknown> | null;
  /** Of an inbound message: what its writer is called in WhatsApp, where that is known. */
  readonly name: string | null;
  /** What its endpoint asked for, in the dialect's names; null when there was none. */
  readonly subscribed: readonly string[] | null;
  /** Of which properties of some events it wants to hear, as JSON. */
  readonly properties: string | null;
  /** Why its endpoint gets nothing now; null when it does. */
  readonly shut: string | null;
  /** The events that its endpoint asked for; null when there was none. */
  readonly mask: number | null;
}

/**
 * What a node may deliver at once of the reports that a statement writes: they are written as claimed by it.
 *
 * Only receivers that are well and have room stand here; what goes to others waits for a claim, which knows who waits
 * already.
 */
export interface Take {
  /** How many of each lane. */
  readonly lanes: Readonly<Record<string, number>>;
  /** When what is taken is another node's, by dialect; `*` for those that nobody here speaks. */
  readonly leases: Readonly<Record<string, string>>;
}

/**
 * SQL: the receiver of a new report `r`. Own URLs that differ in their query alone are one: many people put the order's
 * number there.
 */
export const RECEIVER_OF = (r: string): string =>
  `coalesce(${r}.endpoint_id::text, md5(split_part(${r}.url, '?', 1)))`;

/** SQL: the lane of a report `r`: its receiver, or that of its failover URL once it goes there. */
export const LANE_OF = (r: string): string => `coalesce(${r}.lane, ${RECEIVER_OF(r)})`;

/**
 * SQL: the end of the lease of a report `r`: a dialect's receivers have a time of their own to answer; `*` for the others.
 *
 * @param leases an expression of `jsonb`
 */
export const LEASE_OF = (r: string, leases: string): string =>
  `coalesce(${leases} ->> ${r}.dialect, ${leases} ->> '*')::timestamptz`;

/** SQL: one `ClaimedReport`. @param of an expression for each of its fields */
export const REPORT_JSON = (of: Readonly<Record<keyof ClaimedReport, string>>): string =>
  `json_build_object(${Object.entries(of)
    .map(([field, value]) => `'${field}', ${value}`)
    .join(', ')})`;
