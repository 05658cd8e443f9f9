const TIER = /^TIER_(\d+)(K?)$/;

/**
 * To how many people a portfolio may write in 24 hours outside the window, as Meta says it: `TIER_250`, `TIER_10K`, or a
 * plain number (meta-cloud-api §8.2).
 *
 * @returns undefined where there is no limit or none is known: `TIER_UNLIMITED`, `TIER_NOT_SET`, anything else
 */
export function peopleLimit(said: string | null | undefined): number | undefined {
  const text = said?.trim() ?? '';
  const [, digits = '', thousands] = TIER.exec(text) ?? [];
  const people = Number(digits || (/^\d+$/.test(text) ? text : '')) * (thousands === 'K' ? 1_000 : 1);
  // What does not fit a database's integer limits nobody.
  return people > 0 && people < 2 ** 31 ? people : undefined;
}
