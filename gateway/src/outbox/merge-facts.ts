import type { Fact } from './apply-statement.ts';

/**
 * Joins facts about the same message: a batch may hold several, and an update takes only one row for each target.
 * The earliest time of each status wins.
 */
export function mergeFacts(facts: readonly Fact[]): Fact[] {
  const merged = new Map<string, Fact>();
  for (const fact of facts) {
    const key = `${fact.id}:${fact.sender}`;
    const other = merged.get(key);
    merged.set(key, other === undefined ? fact : joined(other, fact));
  }
  return merged.size === facts.length ? (facts as Fact[]) : [...merged.values()];
}

function joined(a: Fact, b: Fact): Fact {
  const last = b.attempt >= a.attempt ? b : a;
  const first = last === b ? a : b;
  // Only the last attempt may fail a message: the failure of an earlier one is dropped beside a later one.
  const failing = last.failed !== undefined || first.attempt !== last.attempt ? last : first;
  return {
    id: a.id,
    sender: a.sender,
    attempt: last.attempt,
    accepted: earliest(a.accepted, b.accepted),
    sent: earliest(a.sent, b.sent),
    delivered: earliest(a.delivered, b.delivered),
    read: earliest(a.read, b.read),
    played: earliest(a.played, b.played),
    deleted: earliest(a.deleted, b.deleted),
    failed: failing.failed,
    failure: failing.failure,
    silent: earliest(a.silent, b.silent),
    ended: earliest(a.ended, b.ended),
    end: a.end ?? b.end,
    earlier: earlierOf(a, b),
    wamid: last.wamid ?? first.wamid,
    pricing: a.pricing ?? b.pricing,
  };
}

function earliest(a: string | undefined, b: string | undefined): string | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return a <= b ? a : b;
}

/** The first attempt that was taken before another one of the same message was. */
function earlierOf(a: Fact, b: Fact): number | undefined {
  const taken = [a, b].filter(one => (one.accepted ?? one.sent ?? one.delivered ?? one.read) !== undefined);
  const attempts = taken.flatMap(one =>
    one.earlier === undefined ? [one.attempt] : [one.attempt, one.earlier],
  );
  const [first, last] = [Math.min(...attempts), Math.max(...attempts)];
  return attempts.length > 0 && first < last ? first : undefined;
}
