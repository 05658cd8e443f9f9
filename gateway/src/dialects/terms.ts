import type { IncomingHttpHeaders } from 'node:http';
import { type Outbound, PRIORITY, type PriorityName } from '../message/message.ts';

/** What a request says of its messages beside what its vendor's form has room for. */
export type Terms = Pick<Outbound, 'priority' | 'validForMs' | 'unconfirmedPolicy' | 'unconfirmedDeadlineMs'>;

/** As long as a workspace may say (§ settings of a workspace). */
const VALID_FOR_MAX_S = 30 * 86_400;
const DEADLINE_MAX_S = 86_400;

/**
 * Wirebird's own headers of a request that sends; they mean the same in every dialect.
 *
 *     Wirebird-Priority               reply, normal or bulk
 *     Wirebird-Valid-For              seconds until it is not sent any more
 *     Wirebird-Unconfirmed-Policy     resend or fail, when nobody knows whether WhatsApp took it
 *     Wirebird-Unconfirmed-Deadline   seconds until that is decided
 *
 * @returns a sentence when one of them says something else
 */
export function termsOf(headers: IncomingHttpHeaders): Terms | string {
  const terms: { -readonly [Name in keyof Terms]: Terms[Name] } = {};
  const priority = headers['wirebird-priority'];
  if (priority !== undefined) {
    if (typeof priority !== 'string' || !Object.hasOwn(PRIORITY, priority))
      return `Wirebird-Priority must be one of ${Object.keys(PRIORITY).join(', ')}.`;
    terms.priority = priority as PriorityName;
  }
  const policy = headers['wirebird-unconfirmed-policy'];
  if (policy !== undefined) {
    if (policy !== 'resend' && policy !== 'fail')
      return 'Wirebird-Unconfirmed-Policy must be resend or fail.';
    terms.unconfirmedPolicy = policy;
  }
  const validFor = seconds(headers['wirebird-valid-for'], 'Wirebird-Valid-For', VALID_FOR_MAX_S);
  if (typeof validFor === 'string') return validFor;
  if (validFor !== undefined) terms.validForMs = validFor * 1_000;
  const deadline = seconds(
    headers['wirebird-unconfirmed-deadline'],
    'Wirebird-Unconfirmed-Deadline',
    DEADLINE_MAX_S,
  );
  if (typeof deadline === 'string') return deadline;
  if (deadline !== undefined) terms.unconfirmedDeadlineMs = deadline * 1_000;
  return terms;
}

function seconds(
  text: string | string[] | undefined,
  name: string,
  most: number,
): number | string | undefined {
  if (text === undefined) return undefined;
  const value = typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : 0;
  return value >= 1 && value <= most ? value : `${name} must be a whole number of seconds from 1 to ${most}.`;
}
