import { call } from './call.ts';
import type { Known } from './client.ts';
import type { Gateway } from './gateway.ts';
import type { Ledger, LedgerRow } from './ledger.ts';

/** A message that somebody got more than once, with what both sides know about it. */
export interface Twice {
  readonly to: string;
  readonly sends: readonly LedgerRow[];
  /** The gateway's timeline of it, a line for each step. */
  readonly timeline: readonly string[];
}

export interface Verdict {
  readonly accepted: number;
  readonly inDoubt: number;
  /** Of those in doubt, how many were sent. */
  readonly inDoubtSent: number;
  /** Accepted messages that reached the network. */
  readonly sent: number;
  /** Ids of accepted messages that never did. */
  readonly lost: readonly string[];
  readonly twice: readonly Twice[];
}

/** Compares what the client was promised with what the network has seen. */
export async function judge(known: Known, ledger: Ledger, gateway: Gateway): Promise<Verdict> {
  const ids = [...known.accepted.keys()];
  const lost = ids.filter(id => ledger.sends(id) === 0);
  const twice: Twice[] = [];
  // By recipient, so that a message whose answer was cut counts too: each person is written to once.
  for (const [to, sends] of ledger.byRecipient) {
    if (sends.length < 2) continue;
    const id = /^wb:([^:]+):/.exec(sends[0]!.callback ?? '')?.[1];
    twice.push({ to, sends, timeline: id === undefined ? [] : await timelineOf(gateway, id) });
  }
  return {
    accepted: ids.length,
    inDoubt: known.inDoubt.size,
    inDoubtSent: [...known.inDoubt].filter(to => ledger.byRecipient.has(to)).length,
    sent: ids.length - lost.length,
    lost,
    twice,
  };
}

interface Shown {
  readonly timeline: readonly { at: string; step: string; attempt?: number; detail?: string }[];
}

/** Without its reports. */
export async function timelineOf(gateway: Gateway, id: string): Promise<string[]> {
  const { timeline } = await call<Shown>('GET', `${gateway.url}/api/messages/${id}`, { key: gateway.key });
  return timeline
    .filter(({ step }) => step !== 'report')
    .map(({ at, step, attempt, detail }) =>
      [at, step, attempt === undefined ? '' : `attempt ${attempt}`, detail ?? ''].filter(Boolean).join('  '),
    );
}
