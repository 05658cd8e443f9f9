/**
 * Why somebody is not to be written to. Each reason is one bit: a message says which of them hold it back, and the
 * ledger answers with one `&`.
 */
export const CONSENT = {
  /** Opted out of a channel: by the API, by hand, by an import. */
  unsubscribed: 1,
  /** On the block list. */
  blocked: 2,
  /** Wrote a STOP word. */
  stopped: 4,
  /** Told WhatsApp to stop the marketing of this business (meta-cloud-api §5.5, `user_preferences`; 131050). */
  marketing: 8,
} as const;

export type ConsentReason = keyof typeof CONSENT;

export const CONSENT_REASONS = Object.keys(CONSENT) as ConsentReason[];

/** Everything by which a person says that messages are not wanted, the block list apart. */
export const OPTED_OUT = CONSENT.unsubscribed | CONSENT.stopped | CONSENT.marketing;

/** Where several hold a message back, what its sender is told: the person's own word before the block list (ycloud §6). */
const TOLD: readonly ConsentReason[] = ['unsubscribed', 'stopped', 'marketing', 'blocked'];

/** The reasons in a mask, the one that is told first. */
export function consentReasons(mask: number): ConsentReason[] {
  return TOLD.filter(reason => (mask & CONSENT[reason]) !== 0);
}

/** What a workspace has decided for messages that say nothing themselves. */
export interface ConsentPolicy {
  /** Which messages people who opted out do not get. */
  readonly optOuts: 'marketing' | 'all' | 'none';
  /** People on the block list get nothing. */
  readonly blockList: boolean;
}

export const CONSENT_POLICY: ConsentPolicy = { optOuts: 'marketing', blockList: true };

/**
 * The reasons that hold a message back.
 *
 * @param marketing it is, or may be, an advertisement
 */
export function consentMask({ optOuts, blockList }: ConsentPolicy, marketing: boolean): number {
  const outs = optOuts === 'all' || (optOuts === 'marketing' && marketing) ? OPTED_OUT : 0;
  return outs | (blockList ? CONSENT.blocked : 0);
}
