import { call } from '../call.ts';
import type { Ledger, LedgerRow } from '../ledger.ts';
import type { Person } from './client.ts';
import type { Cluster } from './cluster.ts';
import { busiestSecond, pairViolations } from './stamps.ts';

export interface Step {
  readonly at: string;
  readonly step: string;
  readonly attempt?: number;
  readonly detail?: string;
}

/** A message with what both ends know of it. */
export interface Explained {
  readonly id: string;
  readonly status: string;
  readonly sends: readonly LedgerRow[];
  /** Without its reports. */
  readonly timeline: readonly Step[];
  /** The later one that came before it. */
  readonly passedBy?: Explained;
}

export interface Verdict {
  readonly accepted: number;
  readonly once: number;
  /** Ids of accepted messages that never reached anybody. */
  readonly never: readonly Explained[];
  /** Sent again by the policy while nothing was heard of the first. */
  readonly resent: readonly Explained[];
  /** Sent again without such a reason. */
  readonly twice: readonly Explained[];
  /** Messages that were given up while nobody knew whether they were taken. */
  readonly unconfirmed: number;
  /** Ids that reached somebody and that nobody was promised. */
  readonly unknown: readonly string[];
  /** Messages that reached their person after a later one. */
  readonly outOfOrder: readonly Explained[];
  /** The same, where the earlier one was held, retried late or unconfirmed: then others pass it. */
  readonly passed: readonly Explained[];
  /** The most requests of a number within a second, by number. */
  readonly busiest: ReadonlyMap<string, number>;
  readonly pairViolations: number;
}

/** Compares what the client was promised with what the network has seen. */
export async function check(cluster: Cluster, people: readonly Person[], ledger: Ledger): Promise<Verdict> {
  const explain = async (id: string): Promise<Explained> => {
    const shown = await call<{ status: string; timeline: Step[] }>(
      'GET',
      `http://127.0.0.1:${cluster.nodes[0]!.port}/api/messages/${id}`,
      { key: cluster.key },
    );
    return {
      id,
      status: shown.status,
      sends: ledger.byMessage.get(id) ?? [],
      timeline: shown.timeline.filter(({ step }) => step !== 'report'),
    };
  };
  const ids = people.flatMap(person => person.accepted);
  const promised = new Set(ids);
  const never: Explained[] = [];
  const resent: Explained[] = [];
  const twice: Explained[] = [];
  for (const id of ids) {
    const sends = ledger.sends(id);
    if (sends === 1) continue;
    const explained = await explain(id);
    if (sends === 0) never.push(explained);
    else (wasResent(explained) ? resent : twice).push(explained);
  }
  const outOfOrder: Explained[] = [];
  const passed: Explained[] = [];
  for (const { accepted } of people) {
    for (const { id, by } of overtaken(accepted, ledger)) {
      const explained = await explain(id);
      if (mayBePassed(explained)) passed.push(explained);
      else outOfOrder.push({ ...explained, passedBy: await explain(by) });
    }
  }
  const stamps = cluster.stamps.all;
  return {
    accepted: ids.length,
    once: ids.filter(id => ledger.sends(id) === 1).length,
    never,
    resent,
    twice,
    unconfirmed: await countUnconfirmed(cluster),
    unknown: [...ledger.byMessage.keys()].filter(id => !promised.has(id)),
    outOfOrder,
    passed,
    busiest: busiestSecond(stamps),
    pairViolations: pairViolations(stamps),
  };
}

/** Messages of which nobody knows whether they were taken, and that were given up. */
async function countUnconfirmed({ nodes, key }: Cluster): Promise<number> {
  interface Page {
    readonly data: readonly { readonly failure: { readonly code: string } | null }[];
    readonly next: string | null;
  }
  let count = 0;
  for (let after = ''; ; ) {
    const url = `http://127.0.0.1:${nodes[0]!.port}/api/messages?status=failed&direction=outbound&limit=100${after}`;
    const { data, next } = await call<Page>('GET', url, { key });
    count += data.filter(({ failure }) => failure?.code === 'unconfirmed').length;
    if (next === null) return count;
    after = `&after=${next}`;
  }
}

/** The policy sends again only what stayed unconfirmed. */
function wasResent({ timeline }: Explained): boolean {
  return timeline.some(({ step }) => step === 'resend');
}

/** Followers may pass one that is held, unconfirmed, or tried again later. */
function mayBePassed({ timeline }: Explained): boolean {
  return timeline.some(({ step }) => ['held', 'retry', 'unconfirmed', 'resend'].includes(step));
}

/** Of the messages to one person: those whose first arrival came after that of a later one. */
export function overtaken(
  accepted: readonly string[],
  ledger: Pick<Ledger, 'byMessage'>,
): { readonly id: string; readonly by: string }[] {
  let first = { seq: Number.POSITIVE_INFINITY, id: '' };
  const found: { id: string; by: string }[] = [];
  for (const id of accepted.toReversed()) {
    const seq = ledger.byMessage.get(id)?.[0]?.seq;
    if (seq === undefined) continue;
    if (seq > first.seq) found.push({ id, by: first.id });
    else first = { seq, id };
  }
  return found;
}
