import type { Kysely, Selectable } from 'kysely';
import type { Tables } from '../store/tables.ts';

/** A person as a workspace keeps them. */
export interface Contact {
  readonly id: string;
  /** E.164, one contact for each. */
  readonly phone: string;
  readonly email: string | undefined;
  readonly nickname: string | undefined;
  /** ISO 3166-1 alpha-2. */
  readonly countryCode: string | undefined;
  readonly ownerEmail: string | undefined;
  readonly tags: readonly string[];
  readonly attributes: readonly Attribute[];
  /** When the person last wrote, and to which of our numbers. */
  readonly lastSeen: Date | undefined;
  readonly lastSenderId: string | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface Attribute {
  readonly name: string;
  readonly value: string;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export async function readContact(
  db: Kysely<Tables>,
  workspaceId: string,
  idOrPhone: string,
): Promise<Contact | undefined> {
  const row = await contactRows(db)
    .where('c.workspace_id', '=', workspaceId)
    .where(UUID.test(idOrPhone) ? 'c.id' : 'c.phone', '=', idOrPhone)
    .executeTakeFirst();
  return row === undefined ? undefined : toContact(row);
}

/** With the last window that the person opened at a number of the workspace. */
export const contactRows = (db: Kysely<Tables>) =>
  db
    .selectFrom('contacts as c')
    .selectAll('c')
    .select(eb => [
      eb
        .selectFrom('windows as w')
        .innerJoin('senders as s', 's.id', 'w.sender_id')
        .whereRef('s.workspace_id', '=', 'c.workspace_id')
        .whereRef('w.recipient', '=', 'c.recipient')
        .select('w.last_message_at')
        .orderBy('w.last_message_at', 'desc')
        .limit(1)
        .as('last_seen'),
      eb
        .selectFrom('windows as w')
        .innerJoin('senders as s', 's.id', 'w.sender_id')
        .whereRef('s.workspace_id', '=', 'c.workspace_id')
        .whereRef('w.recipient', '=', 'c.recipient')
        .select('w.sender_id')
        .orderBy('w.last_message_at', 'desc')
        .limit(1)
        .as('last_sender'),
    ]);

type Row = Selectable<Tables['contacts']> & { last_seen: Date | null; last_sender: string | null };

export function toContact(row: Row): Contact {
  return {
    id: row.id,
    phone: row.phone,
    email: row.email ?? undefined,
    nickname: row.nickname ?? undefined,
    countryCode: row.country_code ?? undefined,
    ownerEmail: row.owner_email ?? undefined,
    tags: row.tags,
    attributes: JSON.parse(row.attributes) as Attribute[],
    lastSeen: row.last_seen ?? undefined,
    lastSenderId: row.last_sender ?? undefined,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

/** A contact in the words of its events (ycloud §8.1). */
export function toldOf(contact: Contact): object {
  const { id, nickname, phone, countryCode, email, ownerEmail, tags, attributes, createdAt } = contact;
  return {
    id,
    ...(nickname === undefined ? {} : { nickName: nickname }),
    phoneNumber: phone,
    ...(countryCode === undefined ? {} : { countryCode }),
    ...(email === undefined ? {} : { email }),
    ...(ownerEmail === undefined ? {} : { ownerEmail }),
    tags,
    sourceType: 'API',
    createTime: createdAt.toISOString(),
    updateTime: createdAt.toISOString(),
    customAttributes: Object.fromEntries(attributes.map(({ name, value }) => [name, value])),
  };
}

export function differences(before: Contact, after: Contact): Record<string, object> {
  const flat = (contact: Contact): Record<string, unknown> => ({
    nickname: contact.nickname,
    phoneNumber: contact.phone,
    email: contact.email,
    countryCode: contact.countryCode,
    ownerEmail: contact.ownerEmail,
    tags: contact.tags,
    ...Object.fromEntries(contact.attributes.map(({ name, value }) => [name, value])),
  });
  const [old, now] = [flat(before), flat(after)];
  const changed: Record<string, object> = {};
  for (const name of new Set([...Object.keys(old), ...Object.keys(now)])) {
    if (JSON.stringify(old[name]) === JSON.stringify(now[name])) continue;
    changed[name] = { oldValue: old[name] ?? null, newValue: now[name] ?? null };
  }
  return changed;
}
