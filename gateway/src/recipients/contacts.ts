import { type Kysely, type SqlBool, sql } from 'kysely';
import { EVENT } from '../message/event.ts';
import { newId } from '../message/id.ts';
import { canonicalRecipient } from '../message/phone.ts';
import type { Clock } from '../store/clock.ts';
import { LOG_EVENTS } from '../store/log-events.ts';
import { REPORT_NOTICES } from '../store/report-notices.ts';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import {
  type Attribute,
  type Contact,
  contactRows,
  differences,
  readContact,
  toContact,
  toldOf,
} from './contact.ts';

export type { Attribute, Contact };

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
          recipient: canonicalRecipient(input.phone),
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
      const made = (await readContact(tx, workspaceId, id))!;
      await this.#tell(tx, workspaceId, 'created', toldOf(made));
      return made;
    });
  }

  async change(workspaceId: string, id: string, change: ContactChange): Promise<Contact | Taken | undefined> {
    const now = this.#clock.now();
    return this.#write(async tx => {
      const before = await readContact(tx, workspaceId, id);
      if (before === undefined) return undefined;
      await tx
        .updateTable('contacts')
        .set({
          phone: change.phone,
          recipient: change.phone === undefined ? undefined : canonicalRecipient(change.phone),
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
      const after = (await readContact(tx, workspaceId, id))!;
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
      const contact = await readContact(tx, workspaceId, id);
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
    return readContact(this.#store.db, workspaceId, idOrPhone);
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
      contactRows(this.#store.db)
        .where(matches)
        .orderBy('c.id', 'desc')
        .limit(limit)
        .offset(offset)
        .execute(),
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
    // As text in the statement: what is given besides is a parameter of its own for each place.
    const at = `'${now.toISOString()}'`;
    await sql`
      with noticed as (
        insert into notices (id, workspace_id, kind, field, event, value, at, received_at)
        values (${id}, ${workspaceId}, ${EVENT.contact}, 'contact', ${event}, ${JSON.stringify(value)}, ${now}, ${now})
        returning workspace_id, id, kind, at
      ), watched as (${sql.raw(LOG_EVENTS('noticed', at))}
      )
      ${sql.raw(REPORT_NOTICES('noticed', at))}
    `.execute(tx);
  }
}

/** Values that are told of one attribute. */
const VALUES_MAX = 100;
