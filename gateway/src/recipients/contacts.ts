import { type Kysely, type Selectable, type SqlBool, sql } from 'kysely';
import { EVENT } from '../message/event.ts';
import { newId } from '../message/id.ts';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
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

/** Null takes a value away; what is not given stays. */
export interface ContactChange {
  readonly phone?: string | undefined;
  readonly email?: string | null | undefined;
  readonly nickname?: string | null | undefined;
  readonly countryCode?: string | null | undefined;
  readonly ownerEmail?: string | null | undefined;
  readonly tags?: readonly string[] | undefined;
  /** All of them: others go. */
  readonly attributes?: readonly Attribute[] | undefined;
}

export interface ContactFilter {
  readonly tags?: readonly string[] | undefined;
  readonly countryCode?: string | undefined;
  readonly phone?: string | undefined;
  readonly email?: string | undefined;
}

/** Another contact of the workspace has it already. */
export interface Taken {
  readonly taken: 'phone' | 'email';
}

/** The contacts of all workspaces. Each change is told to the endpoints that listen for it, in the same transaction. */
export class Contacts {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #onReports: () => void;

  constructor(store: Store, clock: Clock, onReports: () => void) {
    this.#store = store;
    this.#clock = clock;
    this.#onReports = onReports;
  }

  async create(
    workspaceId: string,
    input: ContactChange & { readonly phone: string },
  ): Promise<Contact | Taken> {
    const id = newId();
    const now = this.#clock.now();
    return this.#write(async tx => {
      await tx
        .insertInto('contacts')
        .values({
          id,
          workspace_id: workspaceId,
          phone: input.phone,
          email: input.email ?? null,
          nickname: input.nickname ?? null,
          country_code: input.countryCode ?? null,
          owner_email: input.ownerEmail ?? null,
          tags: [...(input.tags ?? [])],
          attributes: JSON.stringify(input.attributes ?? []),
          source_type: 'API',
          source_id: null,
          source_url: null,
          created_at: now,
          updated_at: now,
        })
        .execute();
      const made = (await read(tx, workspaceId, id))!;
      await this.#tell(tx, workspaceId, 'created', toldOf(made));
      return made;
    });
  }

  async change(workspaceId: string, id: string, change: ContactChange): Promise<Contact | Taken | undefined> {
    const now = this.#clock.now();
    return this.#write(async tx => {
      const before = await read(tx, workspaceId, id);
      if (before === undefined) return undefined;
      await tx
        .updateTable('contacts')
        .set({
          phone: change.phone,
          email: change.email,
          nickname: change.nickname,
          country_code: change.countryCode,
          owner_email: change.ownerEmail,
          tags: change.tags === undefined ? undefined : [...change.tags],
          attributes: change.attributes === undefined ? undefined : JSON.stringify(change.attributes),
          updated_at: now,
        })
        .where('id', '=', id)
        .execute();
      const after = (await read(tx, workspaceId, id))!;
      const changedAttributes = differences(before, after);
      if (Object.keys(changedAttributes).length > 0)
        await this.#tell(tx, workspaceId, 'changed', {
          id,
          updateTime: now.toISOString(),
          changedAttributes,
        });
      return after;
    });
  }

  async remove(workspaceId: string, id: string): Promise<Contact | undefined> {
    const removed = await this.#write(async tx => {
      const contact = await read(tx, workspaceId, id);
      if (contact === undefined) return undefined;
      await tx.deleteFrom('contacts').where('id', '=', id).execute();
      const { phone, nickname } = contact;
      await this.#tell(tx, workspaceId, 'deleted', {
        id,
        phoneNumber: phone,
        ...(nickname === undefined ? {} : { nickName: nickname }),
        updateTime: this.#clock.now().toISOString(),
      });
      return contact;
    });
    // Nothing can be taken by what goes.
    return removed !== undefined && 'taken' in removed ? undefined : removed;
  }

  /** By its id here, or by its number. */
  async find(workspaceId: string, idOrPhone: string): Promise<Contact | undefined> {
    return read(this.#store.db, workspaceId, idOrPhone);
  }

  /** Newest first. */
  async slice(
    workspaceId: string,
    { tags, countryCode, phone, email }: ContactFilter,
    { limit, offset }: { readonly limit: number; readonly offset: number },
  ): Promise<{ readonly rows: readonly Contact[]; readonly total: number }> {
    const matches = sql<SqlBool>`c.workspace_id = ${workspaceId}
      and (${tags === undefined ? null : [...tags]}::text[] is null or c.tags && ${tags === undefined ? null : [...tags]}::text[])
      and (${countryCode ?? null}::text is null or c.country_code = ${countryCode ?? null})
      and (${phone ?? null}::text is null or c.phone = ${phone ?? null})
      and (${email ?? null}::text is null or c.email = ${email ?? null})`;
    const [rows, { count }] = await Promise.all([
      records(this.#store.db).where(matches).orderBy('c.id', 'desc').limit(limit).offset(offset).execute(),
      this.#store.db
        .selectFrom('contacts as c')
        .where(matches)
        .select(({ fn }) => fn.countAll<string>().as('count'))
        .executeTakeFirstOrThrow(),
    ]);
    return { rows: rows.map(toContact), total: Number(count) };
  }

  /** The names of attributes that contacts of the workspace have, with some of their values. */
  async attributes(
    workspaceId: string,
  ): Promise<{ readonly name: string; readonly values: readonly string[] }[]> {
    const { rows } = await sql<{ name: string; values: string[] }>`
      select a ->> 'name' as name, (array_agg(distinct a ->> 'value'))[1:${sql.lit(VALUES_MAX)}] as values
      from contacts, json_array_elements(attributes::json) a
      where workspace_id = ${workspaceId} group by 1 order by 1
    `.execute(this.#store.db);
    return rows;
  }

  async #write<Out>(work: (tx: Kysely<Tables>) => Promise<Out>): Promise<Out | Taken> {
    try {
      const done = await this.#store.db.transaction().execute(work);
      this.#onReports();
      return done;
    } catch (error) {
      const { code, constraint } = error as { code?: string; constraint?: string };
      if (code !== '23505') throw error;
      return { taken: constraint?.includes('email') ? 'email' : 'phone' };
    }
  }

  async #tell(tx: Kysely<Tables>, workspaceId: string, event: string, value: object): Promise<void> {
    const id = newId();
    const now = this.#clock.now();
    await sql`
      with noticed as (
        insert into notices (id, workspace_id, kind, field, event, value, at, received_at)
        values (${id}, ${workspaceId}, ${EVENT.contact}, 'contact', ${event}, ${JSON.stringify(value)}, ${now}, ${now})
      )
      insert into reports (id, notice_id, workspace_id, endpoint_id, dialect, kind, occurred_at, url, failover_url, run_at)
      select derived_id(${id}::uuid, ${`report:${EVENT.contact}:`} || e.id::text), ${id}, ${workspaceId}, e.id, e.dialect,
        ${EVENT.contact}, ${now}, e.url, e.failover_url, ${now}
      from webhook_endpoints e
      where e.workspace_id = ${workspaceId} and e.enabled and e.mask & ${sql.lit(EVENT.contact)} <> 0
    `.execute(tx);
  }
}

/** Values that are told of one attribute. */
const VALUES_MAX = 100;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

async function read(
  db: Kysely<Tables>,
  workspaceId: string,
  idOrPhone: string,
): Promise<Contact | undefined> {
  const row = await records(db)
    .where('c.workspace_id', '=', workspaceId)
    .where(UUID.test(idOrPhone) ? 'c.id' : 'c.phone', '=', idOrPhone)
    .executeTakeFirst();
  return row === undefined ? undefined : toContact(row);
}

/** With the last window that the person opened at a number of the workspace. */
const records = (db: Kysely<Tables>) =>
  db
    .selectFrom('contacts as c')
    .selectAll('c')
    .select(eb => [
      eb
        .selectFrom('windows as w')
        .innerJoin('senders as s', 's.id', 'w.sender_id')
        .whereRef('s.workspace_id', '=', 'c.workspace_id')
        .whereRef('w.recipient', '=', 'c.phone')
        .select('w.last_message_at')
        .orderBy('w.last_message_at', 'desc')
        .limit(1)
        .as('last_seen'),
      eb
        .selectFrom('windows as w')
        .innerJoin('senders as s', 's.id', 'w.sender_id')
        .whereRef('s.workspace_id', '=', 'c.workspace_id')
        .whereRef('w.recipient', '=', 'c.phone')
        .select('w.sender_id')
        .orderBy('w.last_message_at', 'desc')
        .limit(1)
        .as('last_sender'),
    ]);

type Row = Selectable<Tables['contacts']> & { last_seen: Date | null; last_sender: string | null };

function toContact(row: Row): Contact {
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
function toldOf(contact: Contact): object {
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

function differences(before: Contact, after: Contact): Record<string, object> {
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
