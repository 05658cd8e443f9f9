import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import { peopleLimit } from '../message/people-limit.ts';
import type { Tables } from '../store/tables.ts';
import { openConsentSettings } from './consent-settings.ts';
import { grantedScopes } from './keys.ts';
import type { Secrets } from './secrets.ts';
import {
  type EndpointSecrets,
  type Principal,
  phoneKey,
  type Sender,
  type SendingProfile,
  type SigningWorkspace,
  type Snapshot,
  type Webhook,
  wabaKey,
} from './snapshot.ts';

/** Opens a sealed secret; throws when it cannot. */
type Open = (sealed: Buffer) => string;

/** Told of a row that is left out. */
export type OnBroken = (what: string, error: unknown) => void;

/** Rows that are read and turned into objects at a time: a few milliseconds, then requests have their turn. */
const PAGE = 2_000;

/** By id. */
export async function readWorkspaces(tx: Kysely<Tables>, secrets: Secrets): Promise<Snapshot['workspaces']> {
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
  return workspaces;
}

/** By the base64 of the key's SHA-256. */
export async function readPrincipals(tx: Kysely<Tables>): Promise<Snapshot['principals']> {
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
  return principals;
}

/** A number whose secrets cannot be opened is left out. */
export async function readSenders(
  tx: Kysely<Tables>,
  open: Open,
  onBroken: OnBroken,
): Promise<Pick<Snapshot, 'senders' | 'byPhone' | 'byPhoneNumberId' | 'byWaba' | 'peopleLimits'>> {
  const senders = new Map<string, Sender>();
  const byPhone = new Map<string, Sender>();
  const byPhoneNumberId = new Map<string, Sender>();
  const byWaba = new Map<string, Sender[]>();
  const peopleLimits = new Map<string, number>();
  await eachRow(
    after => tx.selectFrom('senders').selectAll().where('id', '>', after).orderBy('id').limit(PAGE).execute(),
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
  return { senders, byPhone, byPhoneNumberId, byWaba, peopleLimits };
}

/** By id. */
export async function readProfiles(tx: Kysely<Tables>): Promise<Snapshot['profiles']> {
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
  return profiles;
}

/** By `wabaKey`. */
export async function readWabaWebhooks(tx: Kysely<Tables>): Promise<Snapshot['wabaWebhooks']> {
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
  return wabaWebhooks;
}

/** By id; one that cannot be opened is left out. */
export async function readEndpointSecrets(
  tx: Kysely<Tables>,
  open: Open,
  onBroken: OnBroken,
): Promise<Snapshot['endpointSecrets']> {
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
  return endpointSecrets;
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
