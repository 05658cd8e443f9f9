import { type ConsentReason, consentReasons } from './consent.ts';

/**
 * A failure that carries its policy: carriers classify, the outbox obeys, dialects and the timeline print.
 *
 * - `final`: this message will not be tried again.
 * - `retry`: the request certainly did nothing; try again after a pause (`backoff`: growing pauses, at most `tries`;
 *   `after`: as often as it takes until the message's validity ends).
 * - `hold`: nothing is wrong with the message; what `hold` names must wait.
 * - `unknown`: the request may have been obeyed; the message becomes `unconfirmed`.
 */
export interface Failure {
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  readonly outcome: 'final' | 'retry' | 'hold' | 'unknown';
  readonly retry?:
    | { readonly kind: 'backoff'; readonly tries: number }
    | { readonly kind: 'after'; readonly ms: number };
  /** The request certainly never left this machine: the attempt does not count. */
  readonly neverLeft?: boolean;
  readonly hold?: 'pair' | 'sender';
  /** What a person can do about it, one sentence. */
  readonly remedy: string;
  /** Who said so. */
  readonly source: 'meta' | 'network' | 'wirebird';
  /** Meta's own marks of the refusal, for whoever asks Meta about it. */
  readonly trace?: FailureTrace;
}

export interface FailureTrace {
  /** `fbtrace_id` */
  readonly id?: string;
  /** `error_subcode` */
  readonly subcode?: string;
  /** `type`, such as OAuthException. */
  readonly type?: string;
}

/** The part of a failure that is stored with a message and shown to its sender. */
export interface StoredFailure {
  readonly code: string;
  readonly title: string;
  readonly detail?: string;
  readonly remedy?: string;
  readonly source: Failure['source'];
  readonly trace?: FailureTrace;
}

export function storedFailure(failure: Failure): StoredFailure {
  const { code, title, detail, remedy, source, trace } = failure;
  return {
    code,
    title,
    ...(detail === undefined ? {} : { detail }),
    remedy,
    source,
    ...(trace === undefined ? {} : { trace }),
  };
}

/** The outcome of a send stayed unknown past its deadline, and the workspace's policy is `fail`. */
export const UNCONFIRMED: Failure = {
  code: 'unconfirmed',
  title: 'Delivery could not be confirmed',
  detail: 'WhatsApp did not say whether it took the message before the deadline.',
  outcome: 'final',
  remedy: 'Send it again if a second copy would do no harm, or set the workspace policy to resend.',
  source: 'wirebird',
};

/** Free-form content outside the 24-hour window, in Meta's own code (meta-cloud-api §4); known here before it is sent. */
export const WINDOW_CLOSED: Failure = {
  code: '131047',
  title: 'Re-engagement message',
  detail: 'The recipient has not written to this number in the last 24 hours.',
  outcome: 'final',
  remedy: 'Send a template: the recipient has not written in the last 24 hours.',
  source: 'wirebird',
};

/** The number that a message was to leave by does not exist any more. */
export const SENDER_GONE: Failure = {
  code: 'sender_gone',
  title: 'The sender was deleted',
  outcome: 'final',
  remedy: 'Send it from a number that the workspace has.',
  source: 'wirebird',
};

/** The recipient does not want it; the code says why. */
export function suppressedFor(mask: number): Failure {
  const [reason = 'unsubscribed'] = consentReasons(mask);
  return { ...SUPPRESSED[reason], outcome: 'final', source: 'wirebird' };
}

const SUPPRESSED: Readonly<Record<ConsentReason, Pick<Failure, 'code' | 'title' | 'detail' | 'remedy'>>> = {
  unsubscribed: {
    code: 'recipient_unsubscribed',
    title: 'The recipient has unsubscribed',
    detail: 'The recipient is on the list of those who opted out of this channel.',
    remedy: 'Do not send; take the entry from the list of unsubscribers when the person has agreed again.',
  },
  blocked: {
    code: 'recipient_blocked',
    title: 'The recipient is on the block list',
    remedy: 'Take the recipient from the block list to send again.',
  },
  stopped: {
    code: 'recipient_stopped',
    title: 'The recipient has written STOP',
    detail: 'The recipient has asked by a word to get no more of this.',
    remedy: 'Do not send; the person may write START.',
  },
  marketing: {
    code: 'recipient_stopped_marketing',
    title: 'The recipient has stopped marketing messages',
    detail: 'The recipient has told WhatsApp to stop the marketing messages of this business.',
    remedy: 'Send no marketing templates; the person can resume them in WhatsApp.',
  },
};

/** Codes of `suppressedFor`, by reason. */
export const SUPPRESSED_CODES: Readonly<Record<ConsentReason, string>> = {
  unsubscribed: SUPPRESSED.unsubscribed.code,
  blocked: SUPPRESSED.blocked.code,
  stopped: SUPPRESSED.stopped.code,
  marketing: SUPPRESSED.marketing.code,
};

/** It waited in the queue until its validity was over. */
export const EXPIRED: Failure = {
  code: 'expired',
  title: 'Message expired in queue',
  detail: 'Its validity ended before it could be sent.',
  outcome: 'final',
  remedy: 'See its timeline for what it waited for; give it a longer validity, or send it again.',
  source: 'wirebird',
};

/** Its owner took it back before it was sent. */
export const CANCELED: Failure = {
  code: 'canceled',
  title: 'Message canceled',
  outcome: 'final',
  remedy: 'Nothing to do.',
  source: 'wirebird',
};

/** A retryable failure that came once too often. */
export function exhausted(failure: Failure): Failure {
  return { ...failure, outcome: 'final' };
}
