import { KEY_IS } from '../store/key-is.ts';
import type { Statement, Store } from '../store/store.ts';
import { knownAs } from './known-as.ts';

/** WhatsApp: free-form may be sent for this long after the person wrote or called (meta-cloud-api §2). */
export const WINDOW_MS = 24 * 3_600_000;

/** Something other than a message that opens a window. */
export interface Opening {
  readonly sender: string;
  /** The person, as `canonicalRecipient` writes it. */
  readonly key: string;
  readonly at: string;
}

export interface Window {
  readonly state: 'open' | 'closed' | 'unknown';
  /** Of one that is open. */
  readonly expiresAt: Date | undefined;
  /** When the person last wrote. */
  readonly lastMessageAt: Date | undefined;
}

export const OPEN: Statement<number> = {
  name: 'open_windows',
  text: `
    with opened as (
      insert into windows (sender_id, recipient, opened_at)
      select i.sender, coalesce(a.recipient, i.key), max(i.at)
      from json_to_recordset($1::json) as i(sender uuid, key text, at timestamptz)
      join senders s on s.id = i.sender
      left join recipient_aliases a on ${KEY_IS('a.workspace_id', 's.workspace_id')} and a.alias = i.key
      group by 1, 2 order by 1, 2
      on conflict (sender_id, recipient) do update set opened_at = greatest(windows.opened_at, excluded.opened_at)
      returning 1
    )
    select count(*)::int as out from opened`,
};

/** Calls open windows too. Doing it again changes nothing. */
export async function openWindows(store: Store, openings: readonly Opening[]): Promise<void> {
  if (openings.length > 0) await store.run(OPEN, [openings]);
}

/**
 * Whether free-form may be sent to somebody.
 *
 * @param recipient phone number or user id, in any spelling
 * @param closedIsKnown true when the sender's webhooks have come without a gap; else what is not open is unknown
 */
export async function windowOf(
  store: Store,
  who: { readonly workspaceId: string; readonly senderId: string; readonly recipient: string },
  closedIsKnown: boolean,
  now: Date,
): Promise<Window> {
  const row = await store.db
    .selectFrom('windows as w')
    .where('w.sender_id', '=', who.senderId)
    .where('w.recipient', '=', knownAs(who.workspaceId, who.recipient))
    .select(['w.opened_at', 'w.last_message_at'])
    .executeTakeFirst();
  const lastMessageAt = row?.last_message_at ?? undefined;
  const expiresAt = row === undefined ? undefined : new Date(row.opened_at.getTime() + WINDOW_MS);
  if (expiresAt !== undefined && expiresAt > now) return { state: 'open', expiresAt, lastMessageAt };
  return { state: closedIsKnown ? 'closed' : 'unknown', expiresAt: undefined, lastMessageAt };
}
