import { type Kysely, sql } from 'kysely';
import { EVENT } from '../message/event.ts';
import { newId } from '../message/id.ts';
import type { Tables } from '../store/tables.ts';

/** What comes in at a number: from people, and from the business's own phone. */
const INCOMING = EVENT.inbound | EVENT.echo;
const INCOMING_NAMES = ['message.received', 'message.echo'];

/** What Meta says of an account goes to the account's own URL; which of it, the names say: all without any. */
const NOTICES = EVENT.template | EVENT.account | EVENT.number;

/** An endpoint that follows from settings, and where it follows from. */
interface Wanted {
  /** `waba:<id of Meta>` or `profile:<id>`. */
  readonly origin: string;
  readonly url: string;
  readonly failover_url: string | null;
  readonly mask: number;
  readonly events: readonly string[];
  readonly only_senders: readonly string[];
}

/**
 * Writes the endpoints that follow from the settings of business accounts and from messaging profiles. What comes in at
 * a number goes to the URL of its business account, and without one to that of its profile (telnyx §9.1).
 *
 * To be called after a change to numbers, profiles or settings, in the change's own transaction: every such change
 * holds the row of the accounts' version until its end, so changes of one workspace come one after the other.
 */
export async function arrangeEndpoints(tx: Kysely<Tables>, workspaceId: string, now: Date): Promise<void> {
  const wanted = await wantedEndpoints(tx, workspaceId);
  const standing = await tx
    .selectFrom('webhook_endpoints')
    .select(['id', 'origin', 'url', 'failover_url', 'mask', 'events', 'only_senders'])
    .where('workspace_id', '=', workspaceId)
    .where('origin', 'is not', null)
    .execute();
  const gone = standing.filter(row => !wanted.some(one => one.origin === row.origin));
  if (gone.length > 0) {
    const ids = gone.map(row => row.id);
    await tx.deleteFrom('webhook_endpoints').where('id', 'in', ids).execute();
  }
  for (const one of wanted) {
    const { origin, url, failover_url, mask, events, only_senders } = one;
    const found = standing.find(row => row.origin === origin);
    const set = { url, failover_url, mask, events: [...events], only_senders: [...only_senders] };
    if (found === undefined) {
      await tx
        .insertInto('webhook_endpoints')
        .values({
          id: newId(),
          workspace_id: workspaceId,
          dialect: 'telnyx',
          origin,
          created_at: now,
          ...set,
        })
        .execute();
    } else if (!same(found, one)) {
      // Another receiver: what the one before did is no reason against it.
      const freed = found.url === url ? {} : { stopped_at: null, stopped_reason: null };
      await tx
        .updateTable('webhook_endpoints')
        .set({ ...set, ...freed, updated_at: now })
        .where('id', '=', found.id)
        .execute();
    }
  }
}

async function wantedEndpoints(tx: Kysely<Tables>, workspaceId: string): Promise<Wanted[]> {
  const { rows } = await sql<Omit<Wanted, 'mask' | 'events'> & { readonly notices: string[] | null }>`
    select 'waba:' || w.waba_id as origin, w.webhook_url as url, w.webhook_failover_url as failover_url,
      w.webhook_events as notices, array_agg(s.id order by s.id) as only_senders
    from waba_settings w join senders s on s.workspace_id = w.workspace_id and s.waba_id = w.waba_id
    where w.workspace_id = ${workspaceId} and w.webhook_enabled and w.webhook_url is not null
    group by w.workspace_id, w.waba_id
    union all
    select 'profile:' || p.id, p.webhook_url, p.webhook_failover_url, null, array_agg(s.id order by s.id)
    from messaging_profiles p join senders s
      on s.workspace_id = p.workspace_id and coalesce(s.profile_id, s.workspace_id) = p.id
    where p.workspace_id = ${workspaceId} and p.webhook_url is not null
      and not exists (select from waba_settings w where w.workspace_id = s.workspace_id and w.waba_id = s.waba_id
        and w.webhook_enabled and w.webhook_url is not null)
    group by p.id
  `.execute(tx);
  return rows.map(({ notices, ...row }) => ({
    ...row,
    mask: notices === null ? INCOMING : INCOMING | NOTICES,
    events:
      notices === null ? INCOMING_NAMES : [...INCOMING_NAMES, ...(notices.length === 0 ? ['*'] : notices)],
  }));
}

function same(
  a: Omit<Wanted, 'origin' | 'only_senders'> & { only_senders: readonly string[] | null },
  b: Wanted,
): boolean {
  const { url, failover_url, mask, events, only_senders } = a;
  return (
    url === b.url &&
    failover_url === b.failover_url &&
    mask === b.mask &&
    String(events) === String(b.events) &&
    String(only_senders) === String(b.only_senders)
  );
}
