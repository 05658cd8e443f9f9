import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import {
  changeProfile,
  createProfile,
  deleteProfile,
  getProfile,
  listProfiles,
  type MessagingProfile,
  type ProfileChange,
} from '../../../accounts/messaging-profiles.ts';
import type { Below } from '../../dialect.ts';
import type { Fault } from '../errors.ts';
import { found, listed, mount } from '../mount.ts';
import { sliceOf } from '../paging.ts';
import { invalid, notFound } from '../refused.ts';
import { time } from '../translate.ts';
import { OptionalText, readBody } from './body.ts';
import { urlsOf, webhookFaults } from './webhook-urls.ts';

/** Names are for people; longer ones break their tables. */
const NAME_MAX = 255;

/** More than there are countries. */
const DESTINATIONS_MAX = 300;

/** What is kept of settings that have no effect here, in characters of JSON. */
const SETTINGS_MAX = 16_384;

const OptionalObject = Type.Optional(
  Type.Unsafe<Record<string, unknown> | null>({ type: ['object', 'null'] }),
);
const OptionalFlag = Type.Optional(Type.Boolean());

/** Telnyx's settings for SMS (the package's MessagingProfile): kept and given back. */
const keptSettings = {
  ai_assistant_id: OptionalText,
  alpha_sender: OptionalText,
  daily_spend_limit: Type.Optional(Type.String()),
  daily_spend_limit_enabled: OptionalFlag,
  features: OptionalObject,
  health_webhook_url: OptionalText,
  mms_fall_back_to_sms: OptionalFlag,
  mms_transcoding: OptionalFlag,
  mobile_only: OptionalFlag,
  number_pool_settings: OptionalObject,
  resource_group_id: OptionalText,
  smart_encoding: OptionalFlag,
  url_shortener_settings: OptionalObject,
};

const fields = {
  ...keptSettings,
  enabled: OptionalFlag,
  webhook_url: OptionalText,
  webhook_failover_url: OptionalText,
  /** Events have one form here; whoever asks for another would not understand them. */
  webhook_api_version: Type.Optional(Type.Enum(['2'])),
};
const Name = Type.String({ minLength: 1, maxLength: NAME_MAX });
const Destinations = Type.Array(Type.String({ pattern: '^([A-Z]{2}|\\*)$' }), {
  minItems: 1,
  maxItems: DESTINATIONS_MAX,
});

const NewProfile = Type.Object({ ...fields, name: Name, whitelisted_destinations: Destinations });
const Change = Type.Object({
  ...fields,
  name: Type.Optional(Name),
  whitelisted_destinations: Type.Optional(Destinations),
});
const CREATE = Compile(NewProfile);
const CHANGE = Compile(Change);

/** Messaging profiles (telnyx §3, row 23): what a number sends with. */
export function profileRoutes(app: FastifyInstance, below: Below): void {
  const { store, clock, directory } = below;
  const rules = (body: Static<typeof Change>): Fault[] => faultsOf(body, below);

  mount(app, ['/v2/messaging_profiles'], {
    GET: [
      'read',
      ({ workspaceId, query }) =>
        listed(
          query,
          page =>
            listProfiles(
              store,
              workspaceId,
              {
                name: query['filter[name][eq]'] ?? query['filter[name]'],
                nameContains: query['filter[name][contains]'],
              },
              sliceOf(page),
            ),
          show,
        ),
    ],
    POST: [
      'admin',
      async ({ workspaceId, body }) => {
        const input = readBody(CREATE, body, rules);
        const profile = await createProfile(
          store,
          workspaceId,
          {
            ...changeOf(input),
            name: input.name,
            whitelistedDestinations: input.whitelisted_destinations,
          },
          clock.now(),
        );
        await directory.refresh();
        return found(show(profile));
      },
    ],
  });

  mount(app, ['/v2/messaging_profiles/:id'], {
    GET: ['read', async ({ workspaceId, params }) => found(show(await known(below, workspaceId, params.id)))],
    PATCH: [
      'admin',
      async ({ workspaceId, params, body }) => {
        await known(below, workspaceId, params.id);
        const change = changeOf(readBody(CHANGE, body, rules));
        const profile = await changeProfile(store, workspaceId, params.id ?? '', change, clock.now());
        if (profile === undefined) throw notFound(`messaging profile ${params.id}`);
        await directory.refresh();
        return found(show(profile));
      },
    ],
    DELETE: [
      'admin',
      async ({ workspaceId, params }) => {
        const outcome = await deleteProfile(store, workspaceId, params.id ?? '', clock.now());
        if (outcome === undefined) throw notFound(`messaging profile ${params.id}`);
        if ('kind' in outcome) throw invalid({ code: '10015', detail: outcome.detail });
        await directory.refresh();
        return found(show(outcome));
      },
    ],
  });
}

/** @throws Refused when the workspace has no such profile */
export async function known(
  { store }: Below,
  workspaceId: string,
  id: string | undefined,
): Promise<MessagingProfile> {
  const profile = await getProfile(store, workspaceId, id ?? '');
  if (profile === undefined) throw notFound(`messaging profile ${id}`);
  return profile;
}

function faultsOf(body: Static<typeof Change>, below: Below): Fault[] {
  const faults = webhookFaults(body, below.checkUrl);
  if (JSON.stringify(settingsOf(body)).length > SETTINGS_MAX) {
    faults.push({ code: '10015', detail: `The settings have more than ${SETTINGS_MAX} characters of JSON.` });
  }
  return faults;
}

function changeOf(body: Static<typeof Change>): ProfileChange {
  return {
    name: body.name,
    enabled: body.enabled,
    ...urlsOf(body),
    whitelistedDestinations: body.whitelisted_destinations,
    settings: settingsOf(body),
  };
}

function settingsOf(body: Static<typeof Change>): Record<string, unknown> {
  const settings: Record<string, unknown> = {};
  for (const name of Object.keys(keptSettings) as (keyof typeof keptSettings)[]) {
    if (body[name] !== undefined) settings[name] = body[name];
  }
  return settings;
}

/** As a profile is that nobody changed. */
const UNTOUCHED = {
  ai_assistant_id: null,
  alpha_sender: null,
  daily_spend_limit: null,
  daily_spend_limit_enabled: false,
  features: null,
  health_webhook_url: null,
  mms_fall_back_to_sms: false,
  mms_transcoding: false,
  mobile_only: false,
  number_pool_settings: null,
  resource_group_id: null,
  smart_encoding: false,
  url_shortener_settings: null,
};

function show(profile: MessagingProfile) {
  return {
    record_type: 'messaging_profile',
    id: profile.id,
    organization_id: profile.workspaceId,
    name: profile.name,
    enabled: profile.enabled,
    webhook_url: profile.webhookUrl ?? null,
    webhook_failover_url: profile.webhookFailoverUrl ?? null,
    webhook_api_version: '2',
    whitelisted_destinations: profile.whitelistedDestinations,
    ...UNTOUCHED,
    ...profile.settings,
    created_at: time(profile.createdAt),
    updated_at: time(profile.updatedAt),
  };
}
