import type { Directory, Sender, Webhook } from '../../accounts/directory.ts';
import { countriesOf } from '../countries.ts';
import type { Fault } from './errors.ts';

/** The profile that a send goes by, or why it may not go. */
export type SendingProfile = Chosen | { readonly ok: false; readonly fault: Fault };

interface Chosen {
  readonly ok: true;
  readonly id: string;
  /** Where the events of a message go that names no URL itself. */
  readonly webhook: Webhook | undefined;
}

/** What of a send decides its profile. */
interface Addressed {
  /** E.164, or a user id of WhatsApp's. */
  readonly to: string;
  readonly messaging_profile_id?: string | null | undefined;
}

/**
 * The messaging profile that a number sends with; costs no query. Its URL comes first, then that of the number's
 * business account (telnyx §9.1).
 *
 * Telnyx does not need `messaging_profile_id`; one that is not known here is that of a program which has it from
 * Telnyx, and is passed over.
 */
export function sendingProfile(
  directory: Pick<Directory, 'profile' | 'wabaWebhook'>,
  sender: Pick<Sender, 'workspaceId' | 'wabaId' | 'profileId'>,
  { to, messaging_profile_id: given }: Addressed,
): SendingProfile {
  const { workspaceId, wabaId, profileId } = sender;
  const profile =
    directory.profile(workspaceId, given ?? profileId) ?? directory.profile(workspaceId, profileId);
  if (profile?.enabled === false) {
    const detail = `The messaging profile ${profile.id} is disabled: nothing is sent with it.`;
    return { ok: false, fault: { code: '40312', detail, pointer: '/from' } };
  }
  if (profile !== undefined && !mayReach(profile.destinations, to)) {
    const allowed = profile.destinations.join(', ');
    const detail = `The messaging profile ${profile.id} sends to ${allowed} only; ${to} is elsewhere.`;
    return { ok: false, fault: { code: '40309', detail, pointer: '/to' } };
  }
  return {
    ok: true,
    id: profile?.id ?? profileId,
    webhook: profile?.webhook ?? directory.wabaWebhook(workspaceId, wabaId),
  };
}

/** A user id begins with the country of its person's number (meta-cloud-api §2). */
function mayReach(destinations: readonly string[], to: string): boolean {
  if (destinations.includes('*')) return true;
  const countries = to.startsWith('+') ? countriesOf(to) : [to.slice(0, 2)];
  return countries.some(country => destinations.includes(country));
}

interface Urls {
  readonly webhook_url?: string | null;
  readonly webhook_failover_url?: string | null;
}

/** A send with the URLs of its profile, unless it has a URL of its own; then only its own failover counts. */
export function withProfile<Send extends Urls>(send: Send, { webhook }: Pick<Chosen, 'webhook'>): Send {
  if (webhook === undefined || (send.webhook_url ?? undefined) !== undefined) return send;
  return { ...send, webhook_url: webhook.url, webhook_failover_url: webhook.failoverUrl ?? null };
}
