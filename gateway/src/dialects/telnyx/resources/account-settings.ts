import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { changeWabaSettings, getWabaSettings, type WabaSettings } from '../../../accounts/waba-settings.ts';
import type { Below } from '../../dialect.ts';
import type { Fault } from '../errors.ts';
import { bothV2, found, mount } from '../mount.ts';
import { time } from '../translate.ts';
import { OptionalText, readBody } from './body.ts';
import { ownAccount } from './own-account.ts';
import { urlsOf, webhookFaults } from './webhook-urls.ts';

const NAME_MAX = 255;

/** The names are few; these bounds only keep a row small. */
const EVENTS_MAX = 100;
const EVENT_NAME_MAX = 200;

const Change = Type.Object({
  name: Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'], maxLength: NAME_MAX })),
  timezone: OptionalText,
  webhook_url: OptionalText,
  webhook_failover_url: OptionalText,
  webhook_enabled: Type.Optional(Type.Boolean()),
  webhook_events: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: EVENT_NAME_MAX }), { maxItems: EVENTS_MAX }),
  ),
});
const CHANGE = Compile(Change);

/** Where the events of a WhatsApp Business account go (telnyx §3, row 19). */
export function accountSettingsRoutes(app: FastifyInstance, below: Below): void {
  const { store, clock, directory } = below;
  const rules = (body: Static<typeof Change>): Fault[] => [
    ...webhookFaults(body, below.checkUrl),
    ...timezoneFaults(body.timezone),
  ];

  mount(app, bothV2('/whatsapp/business_accounts/:id/settings'), {
    GET: [
      'read',
      async ({ workspaceId, params }) => {
        const { wabaId } = await ownAccount(below, workspaceId, params.id);
        return found(show(await getWabaSettings(store, workspaceId, wabaId)));
      },
    ],
    PATCH: [
      'admin',
      async ({ workspaceId, params, body }) => {
        const { wabaId } = await ownAccount(below, workspaceId, params.id);
        const change = readBody(CHANGE, body, rules);
        const changed = await changeWabaSettings(
          store,
          workspaceId,
          wabaId,
          {
            name: change.name,
            timezone: change.timezone,
            ...urlsOf(change),
            webhookEnabled: change.webhook_enabled,
            webhookEvents: change.webhook_events,
          },
          clock.now(),
        );
        await directory.refresh();
        return found(show(changed));
      },
    ],
  });
}

function timezoneFaults(zone: string | null | undefined): Fault[] {
  if (zone === null || zone === undefined) return [];
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return [];
  } catch {
    return [
      {
        code: '10032',
        detail: 'This value must be a time zone of IANA, like Europe/Berlin.',
        pointer: '/timezone',
      },
    ];
  }
}

function show(settings: WabaSettings) {
  return {
    record_type: 'whatsapp_business_account_settings',
    id: settings.wabaId,
    name: settings.name ?? null,
    timezone: settings.timezone ?? null,
    webhook_url: settings.webhookUrl ?? null,
    webhook_failover_url: settings.webhookFailoverUrl ?? null,
    webhook_enabled: settings.webhookEnabled,
    webhook_events: settings.webhookEvents,
    updated_at: time(settings.updatedAt),
  };
}
