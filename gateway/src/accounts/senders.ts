import { type Selectable, type SqlBool, sql } from 'kysely';
import { newId } from '../message/id.ts';
import { isE164 } from '../message/phone.ts';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import { arrangeEndpoints } from './arranged-endpoints.ts';
import {
  brokenUniqueness,
  type Conflict,
  conflict,
  isUuid,
  type Page,
  type Slice,
  type Sliced,
} from './outcome.ts';
import type { Secrets } from './secrets.ts';

/** A business number as its owner sees it: without its secrets. */
export interface SenderRecord {
  readonly id: string;
  readonly workspaceId: string;
  readonly phoneNumber: string;
  readonly phoneNumberId: string;
  readonly wabaId: string;
  readonly displayName: string | undefined;
  /** Messages per second. */
  readonly throughput: number;
  readonly appId: string | undefined;
  /** Where its Graph API is, when not at the installation's. */
  readonly graphUrl: string | undefined;
  readonly hasVerifyToken: boolean;
  /** As Meta last said: GREEN, YELLOW, RED. */
  readonly qualityRating: string | undefined;
  /** Unique people per day outside the window, as Meta last said. */
  readonly messagingLimit: string | undefined;
  /** As Meta last said of its account. */
  readonly accountStatus: string | undefined;
  /** The messaging profile that it is in; the workspace's own has the workspace's id. */
  readonly profileId: string;
  /** Why nothing leaves at present. */
  readonly hold:
    | {
        readonly code: string;
        readonly detail: string | undefined;
        /** Undefined until it is mended. */
        readonly until: Date | undefined;
        /** When Meta is asked next whether it is mended. */
        readonly probeAt: Date | undefined;
      }
    | undefined;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface NewSender {
  readonly workspaceId: string;
  /** E.164. */
  readonly phoneNumber: string;
  readonly phoneNumberId: string;
  readonly wabaId: string;
  readonly accessToken: string;
  readonly appSecret: string;
  readonly verifyToken?: string | undefined;
  readonly displayName?: string | undefined;
  readonly throughput?: number | undefined;
  readonly appId?: string | undefined;
  readonly graphUrl?: string | undefined;
}

/** What may change of a sender: its number and that number's id stay. Null takes an optional value away. */
export interface SenderChange {
  readonly wabaId?: string | undefined;
  readonly accessToken?: string | undefined;
  readonly appSecret?: string | undefined;
  readonly verifyToken?: string | null | undefined;
  readonly displayName?: string | null | undefined;
  readonly throughput?: number | undefined;
  readonly appId?: string | null | undefined;
  readonly graphUrl?: string | null | undefined;
}

/** WhatsApp: messages per second of a number without an upgrade (meta-cloud-api §8). */
const THROUGHPUT_DEFAULT = 80;

/**
 * Stores a sender and its lane.
 *
 * @throws Error for a number that is not E.164, since whoever takes it from outside has said so before
 */
export async function createSender(
  store: Store,
  secrets: Secrets,
  input: NewSender,
  now: Date,
): Promise<SenderRecord | Conflict> {
  if (!isE164(input.phoneNumber)) throw new Error('a sender needs a phone number in E.164');
  const id = newId();
  try {
    await store.db.transaction().execute(async tx => {
      await tx
        .insertInto('senders')
        .values({
          id,
          workspace_id: input.workspaceId,
          phone_number: input.phoneNumber,
          phone_number_id: input.phoneNumberId,
          waba_id: input.wabaId,
          access_token: secrets.seal(input.accessToken),
          app_secret: secrets.seal(input.appSecret),
          verify_token: input.verifyToken === undefined ? null : secrets.seal(input.verifyToken),
          display_name: input.displayName ?? null,
          throughput: input.throughput ?? THROUGHPUT_DEFAULT,
          app_id: input.appId ?? null,
          graph_url: input.graphUrl ?? null,
          created_at: now,
          updated_at: now,
        })
        .execute();
      await tx.insertInto('lanes').values({ sender_id: id }).execute();
      await arrangeEndpoints(tx, input.workspaceId, now);
    });
  } catch (error) {
    const constraint = brokenUniqueness(error);
    if (constraint === undefined) throw error;
    return constraint.includes('phone_number_id')
      ? conflict(
          `The phone-number id ${input.phoneNumberId} belongs to a sender of this installation already.`,
        )
      : conflict(`There is a sender with the number ${input.phoneNumber} already.`);
  }
  return (await getSender(store, input.workspaceId, id))!;
}

export async function listSenders(store: Store, workspaceId: string, page: Page): Promise<SenderRecord[]> {
  const rows = await records(store)
    .where('senders.workspace_id', '=', workspaceId)
    .$if(page.after !== undefined, query => query.where('senders.id', '<', page.after!))
    .orderBy('senders.id', 'desc')
    .limit(page.limit)
    .execute();
  return rows.map(toRecord);
}

/** Which senders of a workspace; all when nothing is said. */
export interface SenderFilter {
  readonly wabaId?: string | undefined;
  readonly profileId?: string | undefined;
  readonly phones?: readonly string[] | undefined;
  readonly phoneContains?: string | undefined;
  /** By phone number; else oldest first, so that what comes new does not move the pages before it. */
  readonly sort?: 'asc' | 'desc' | undefined;
}

/** A part of the list by position. */
export async function sliceSenders(
  store: Store,
  workspaceId: string,
  filter: SenderFilter,
  slice: Slice,
): Promise<Sliced<SenderRecord>> {
  const { wabaId = null, profileId = null, phones = null, phoneContains = null, sort } = filter;
  const matches = sql<SqlBool>`senders.workspace_id = ${workspaceId}
    and (${wabaId}::text is null or senders.waba_id = ${wabaId})
    and (${profileId}::uuid is null or coalesce(senders.profile_id, senders.workspace_id) = ${profileId}::uuid)
    and (${phones}::text[] is null or senders.phone_number = any(${phones}::text[]))
    and (${phoneContains}::text is null or strpos(senders.phone_number, ${phoneContains}) > 0)`;
  const [rows, { count }] = await Promise.all([
    records(store)
      .where(matches)
      .$if(sort !== undefined, query => query.orderBy('senders.phone_number', sort))
      .orderBy('senders.id')
      .limit(slice.limit)
      .offset(slice.offset)
      .execute(),
    store.db
      .selectFrom('senders')
      .where(matches)
      .select(({ fn }) => fn.countAll<string>().as('count'))
      .executeTakeFirstOrThrow(),
  ]);
  return { rows: rows.map(toRecord), total: Number(count) };
}

export async function getSender(
  store: Store,
  workspaceId: string,
  id: string,
): Promise<SenderRecord | undefined> {
  if (!isUuid(id)) return undefined;
  const row = await records(store)
    .where('senders.id', '=', id)
    .where('senders.workspace_id', '=', workspaceId)
    .executeTakeFirst();
  return row === undefined ? undefined : toRecord(row);
}

/** Changes a sender, and lifts a hold: whoever put in a new token wants it tried now. */
export async function changeSender(
  store: Store,
  secrets: Secrets,
  workspaceId: string,
  id: string,
  change: SenderChange,
  now: Date,
): Promise<SenderRecord | undefined> {
  if (!isUuid(id)) return undefined;
  const { accessToken, appSecret, verifyToken } = change;
  const found = await store.db.transaction().execute(async tx => {
    const result = await tx
      .updateTable('senders')
      .set({
        waba_id: change.wabaId,
        // What was said of the former account says nothing of this one.
        messaging_limit:
          change.wabaId === undefined
            ? undefined
            : sql`case when waba_id = ${change.wabaId} then messaging_limit end`,
        access_token: accessToken === undefined ? undefined : secrets.seal(accessToken),
        app_secret: appSecret === undefined ? undefined : secrets.seal(appSecret),
        verify_token: typeof verifyToken === 'string' ? secrets.seal(verifyToken) : verifyToken,
        display_name: change.displayName,
        throughput: change.throughput,
        app_id: change.appId,
        graph_url: change.graphUrl,
        updated_at: now,
      })
      .where('id', '=', id)
      .where('workspace_id', '=', workspaceId)
      .executeTakeFirst();
    if (result.numUpdatedRows === 0n) return false;
    await tx
      .updateTable('lanes')
      .set({ held_until: null, hold_code: null, hold_detail: null, probe_at: null, probes: 0 })
      .where('sender_id', '=', id)
      .execute();
    if (change.wabaId !== undefined) await arrangeEndpoints(tx, workspaceId, now);
    return true;
  });
  return found ? getSender(store, workspaceId, id) : undefined;
}

const records = (store: Store) =>
  store.db
    .selectFrom('senders')
    .leftJoin('lanes', 'lanes.sender_id', 'senders.id')
    .selectAll('senders')
    .select(['lanes.held_until', 'lanes.hold_code', 'lanes.hold_detail', 'lanes.probe_at']);

type Lane = Selectable<Tables['lanes']>;
type Row = Selectable<Tables['senders']> & {
  [Column in 'held_until' | 'hold_code' | 'hold_detail' | 'probe_at']: Lane[Column] | null;
};

function toRecord(row: Row): SenderRecord {
  const { held_until: until, hold_code: code, hold_detail: detail, probe_at: probeAt } = row;
  return {
    id: row.id,
    workspaceId: row.workspace_id,
    phoneNumber: row.phone_number,
    phoneNumberId: row.phone_number_id,
    wabaId: row.waba_id,
    displayName: row.display_name ?? undefined,
    throughput: row.throughput,
    appId: row.app_id ?? undefined,
    graphUrl: row.graph_url ?? undefined,
    hasVerifyToken: row.verify_token !== null,
    profileId: row.profile_id ?? row.workspace_id,
    qualityRating: row.quality_rating ?? undefined,
    messagingLimit: row.messaging_limit ?? undefined,
    accountStatus: row.account_status ?? undefined,
    hold:
      until === null || code === null
        ? undefined
        : {
            code,
            detail: detail ?? undefined,
            until: probeAt === null ? until : undefined,
            probeAt: probeAt ?? undefined,
          },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
