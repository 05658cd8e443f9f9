import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { peopleLimit } from '../message/people-limit.ts';
import type { Store } from '../store/store.ts';
import type { Tables } from '../store/tables.ts';
import { type OpenedConsentSettings, openConsentSettings } from './consent-settings.ts';
import { grantedScopes, type Scope } from './keys.ts';
import type { Secrets } from './secrets.ts';
import type { UnconfirmedPolicy } from './workspaces.ts';

/** Who a request comes from. */
export interface Principal {
  readonly keyId: string;
  readonly workspaceId: string;
  readonly scopes: readonly Scope[];
}

/** A business number with its secrets opened. */
export interface Sender {
  readonly id: string;
  readonly workspaceId: string;
  /** E.164. */
  readonly phoneNumber: string;
  readonly phoneNumberId: string;
  readonly wabaId: string;
  readonly accessToken: string;
  readonly appSecret: string;
  readonly verifyToken: string | undefined;
  readonly displayName: string | undefined;
  /** Messages per second. */
  readonly throughput: number;
  readonly graphUrl: string | undefined;
  /** The messaging profile that it is in; the workspace's own has the workspace's id. */
  readonly profileId: string;
}

/** Where events go. */
export interface Webhook {
  readonly url: string;
  readonly failoverUrl: string | undefined;
}

/** What a send needs to know of a messaging profile. */
export interface SendingProfile {
  readonly id: string;
  readonly workspaceId: string;
  readonly enabled: boolean;
  /** For messages that name no URL of their own. */
  readonly webhook: Webhook | undefined;
  /** ISO 3166-1 alpha-2, or `*` for all. */
  readonly destinations: readonly string[];
}

/** A tenant, able to sign its reports. */
export interface SigningWorkspace extends OpenedConsentSettings {
  readonly id: string;
  readonly name: string;
  readonly unconfirmedPolicy: UnconfirmedPolicy;
  /** How long a message may wait until it is sent; undefined for the default. */
  readonly validForMs: number | undefined;
  /** How long the outcome of a send may stay unknown; undefined for the default. */
  readonly unconfirmedDeadlineMs: number | undefined;
  /** Ed25519, 32 raw bytes. */
  readonly publicKey: Buffer;
  /** Ed25519, 64 raw bytes. */
  readonly sign: (bytes: Buffer) => Buffer;
}

/** What reports to an endpoint are signed with. */
export interface EndpointSecrets {
  readonly secret: string;
  /** The secret before it, and until when both hold. */
  readonly previous: { readonly secret: string; readonly until: Date } | undefined;
}

/** Everything that requests are looked up in, as it stood at one moment. */
export interface Snapshot {
  readonly version: string;
  /** By the base64 of the key's SHA-256. */
  readonly principals: ReadonlyMap<string, Principal>;
  readonly workspaces: ReadonlyMap<string, SigningWorkspace>;
  readonly senders: ReadonlyMap<string, Sender>;
  readonly byPhone: ReadonlyMap<string, Sender>;
  readonly byPhoneNumberId: ReadonlyMap<string, Sender>;
  readonly byWaba: ReadonlyMap<string, readonly Sender[]>;
  /** To how many people a business account may write in 24 hours, by `wabaKey`; only where that is known. */
  readonly peopleLimits: ReadonlyMap<string, number>;
  readonly profiles: ReadonlyMap<string, SendingProfile>;
  /** The URLs of business accounts, by `wabaKey`; only those in use. */
  readonly wabaWebhooks: ReadonlyMap<string, Webhook>;
  readonly endpointSecrets: ReadonlyMap<string, EndpointSecrets>;
  /** Opened secrets by their sealed form, so that the next snapshot opens only what is new. */
  readonly opened: ReadonlyMap<string, string>;
}

/** Rows that are read and turned into objects at a time: a few milliseconds, then requests have their turn. */
const PAGE = 2_000;

export const phoneKey = (workspaceId: string, phone: string): string => `${workspaceId} ${phone}`;
export const wabaKey = (workspaceId: string, wabaId: string): string => `${workspaceId} ${wabaId}`;

/** A number that moves with every change to the tables of accounts. */
export async function accountsVersion(db: Kysely<Tables>): Promise<string> {
  const row = await db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', 'accounts_version')
    .executeTakeFirstOrThrow();
  return row.value;
}

/**
 * Reads the accounts as they stand at one moment, a page at a time. A row whose secrets cannot be opened is left out
 * and reported: one broken sender must not keep the others from being found.
 */
export async function readSnapshot(
  store: Store,
  secrets: Secrets,
  before: Snapshot | undefined,
  onBroken: (what: string, error: unknown) => void,
): Promise<Snapshot> {
  const opened = new Map<string, string>();
  const open = (sealed: Buffer): string => {
    const key = sealed.toString('latin1');
    const text = opened.get(key) ?? before?.opened.get(key) ?? secrets.open(sealed);
    opened.set(key, text);
    return text;
  };

  return store.db
    .transaction()
    .setIsolationLevel('repeatable read')
    .setAccessMode('read only')
    .execute(async tx => {
      const version = await accountsVersion(tx);

      const consentOf = await openConsentSettings(tx);
      const workspaces = new Map<string, SigningWorkspace>();
      await eachRow(
        after =>
          tx.selectFrom('workspaces').selectAll().where('id', '>', after).orderBy('id').limit(PAGE).execute(),
        row => {
          const seal = row.signing_key;
          let key: KeyObject | undefined;
          workspaces.set(row.id, {
            id: row.id,
            name: row.name,
            unconfirmedPolicy: row.unconfirmed_policy,
            validForMs: row.valid_for_s === null ? undefined : row.valid_for_s * 1000,
            unconfirmedDeadlineMs:
              row.unconfirmed_deadline_s === null ? undefined : row.unconfirmed_deadline_s * 1000,
            ...consentOf(row.id),
            publicKey: row.signing_public,
            sign: bytes => {
              key ??= createPrivateKey({
                key: Buffer.from(secrets.open(seal), 'base64'),
                format: 'der',
                type: 'pkcs8',
              });
              return sign(null, bytes, key);
            },
          });
        },
      );

      const principals = new Map<string, Principal>();
      await eachRow(
        after =>
          tx
            .selectFrom('api_keys')
            .select(['id', 'workspace_id', 'scopes', sql<string>`encode(hash, 'base64')`.as('hash')])
            .where('revoked_at', 'is', null)
            .where('id', '>', after)
            .orderBy('id')
            .limit(PAGE)
            .execute(),
        row => {
          principals.set(row.hash, {
            keyId: row.id,
            workspaceId: row.workspace_id,
            scopes: grantedScopes(row.scopes),
          });
        },
      );

      const senders = new Map<string, Sender>();
      const byPhone = new Map<string, Sender>();
      const byPhoneNumberId = new Map<string, Sender>();
      const byWaba = new Map<string, Sender[]>();
      const peopleLimits = new Map<string, number>();
      await eachRow(
        after =>
          tx.selectFrom('senders').selectAll().where('id', '>', after).orderBy('id').limit(PAGE).execute(),
        row => {
          const people = peopleLimit(row.messaging_limit);
          const account = wabaKey(row.workspace_id, row.waba_id);
          // Its numbers share one limit; where they say different ones, one of them is old.
          if (people !== undefined)
            peopleLimits.set(account, Math.min(people, peopleLimits.get(account) ?? people));
          try {
            const sender: Sender = {
              id: row.id,
              workspaceId: row.workspace_id,
              phoneNumber: row.phone_number,
              phoneNumberId: row.phone_number_id,
              wabaId: row.waba_id,
              accessToken: open(row.access_token),
              appSecret: open(row.app_secret),
              verifyToken: row.verify_token === null ? undefined : open(row.verify_token),
              displayName: row.display_name ?? undefined,
              throughput: row.throughput,
              graphUrl: row.graph_url ?? undefined,
              profileId: row.profile_id ?? row.workspace_id,
            };
            senders.set(sender.id, sender);
            byPhone.set(phoneKey(sender.workspaceId, sender.phoneNumber), sender);
            byPhoneNumberId.set(sender.phoneNumberId, sender);
            const siblings = byWaba.get(sender.wabaId);
            if (siblings === undefined) byWaba.set(sender.wabaId, [sender]);
            else siblings.push(sender);
          } catch (error) {
            onBroken(`sender ${row.id}`, error);
          }
        },
      );

      const profiles = new Map<string, SendingProfile>();
      await eachRow(
        after =>
          tx
            .selectFrom('messaging_profiles')
            .selectAll()
            .where('id', '>', after)
            .orderBy('id')
            .limit(PAGE)
            .execute(),
        row => {
          profiles.set(row.id, {
            id: row.id,
            workspaceId: row.workspace_id,
            enabled: row.enabled,
            webhook: webhookOf(row),
            destinations: row.whitelisted_destinations,
          });
        },
      );

      const wabaWebhooks = new Map<string, Webhook>();
      const settings = tx
        .selectFrom('waba_settings')
        .select(['workspace_id', 'waba_id', 'webhook_url', 'webhook_failover_url'])
        .where('webhook_enabled', '=', true)
        .where('webhook_url', 'is not', null);
      for (const row of await settings.execute()) {
        const webhook = webhookOf(row);
        if (webhook !== undefined) wabaWebhooks.set(wabaKey(row.workspace_id, row.waba_id), webhook);
      }

      const endpointSecrets = new Map<string, EndpointSecrets>();
      await eachRow(
        after =>
          tx
            .selectFrom('webhook_endpoints')
            .select(['id', 'secret', 'previous_secret', 'previous_secret_until'])
            .where('secret', 'is not', null)
            .where('id', '>', after)
            .orderBy('id')
            .limit(PAGE)
            .execute(),
        row => {
          try {
            if (row.secret === null) return;
            const { previous_secret: sealed, previous_secret_until: until } = row;
            endpointSecrets.set(row.id, {
              secret: open(row.secret),
              previous: sealed === null || until === null ? undefined : { secret: open(sealed), until },
            });
          } catch (error) {
            onBroken(`webhook endpoint ${row.id}`, error);
          }
        },
      );

      return {
        version,
        principals,
        workspaces,
        senders,
        byPhone,
        byPhoneNumberId,
        byWaba,
        peopleLimits,
        profiles,
        wabaWebhooks,
        endpointSecrets,
        opened,
      };
    });
}

function webhookOf(row: {
  webhook_url: string | null;
  webhook_failover_url: string | null;
}): Webhook | undefined {
  if (row.webhook_url === null) return undefined;
  return { url: row.webhook_url, failoverUrl: row.webhook_failover_url ?? undefined };
}

/** Reads all rows in the order of their ids, a page at a time. */
async function eachRow<Row extends { id: string }>(
  read: (after: string) => Promise<Row[]>,
  take: (row: Row) => void,
): Promise<void> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await read(after);
    for (const row of rows) take(row);
    const last = rows.at(-1);
    if (last === undefined || rows.length < PAGE) return;
    after = last.id;
    await nextTurn();
  }
}
