import type { IncomingHttpHeaders } from 'node:http';
import type { Dialect } from './dialects/dialect.ts';
import { refuse as refuseElevenLabs } from './dialects/elevenlabs/errors.ts';
import { refuse as refuseInfobip } from './dialects/infobip/errors.ts';
import { telnyx } from './dialects/telnyx/index.ts';
import { ycloud } from './dialects/ycloud/index.ts';
import type { HttpProblem, Refusal } from './problem.ts';

/** The dialects that are served. A fifth is a new folder and one line here. */
export const DIALECTS: readonly Dialect[] = [telnyx, ycloud];

/** `/v2/balance` is both vendors'; the header with the key tells them apart. */
const YCLOUD_PATHS =
  /^\/v2\/(whatsapp\/(messages?|inboundMessages|media|templates|phoneNumbers|businessAccounts|calls|flows)|contact|unsubscribers|webhookEndpoints)(\/|$)/;

/** Below `/v2/whatsapp/` YCloud has paths too, none of these. */
const TELNYX_PATHS =
  /^\/v2\/(messages|public_key|v2|media|messaging_profiles|webhook_deliveries|phone_numbers|whatsapp_message_templates|whatsapp\/(message_templates|phone_numbers|business_accounts|user_data))(\/|$)/;

type Refuse = (problem: HttpProblem) => Refusal;

/**
 * In whose shape a request is refused: by path where one vendor alone has it, else by the header that carries the key,
 * and Telnyx's when there is none.
 */
export function dialectRefuser(refuseApi: Refuse): (path: string, headers: IncomingHttpHeaders) => Refuse {
  return (path, headers) => {
    if (/^\/(api|media|webhooks|healthz|readyz|metrics|docs)(\/|$)/.test(path)) return refuseApi;
    if (path.startsWith('/whatsapp/')) return refuseInfobip;
    if (path.startsWith('/v1/')) return refuseElevenLabs;
    if (TELNYX_PATHS.test(path)) return telnyx.refuse;
    if (YCLOUD_PATHS.test(path)) return ycloud.refuse;
    if (headers['x-api-key'] !== undefined) return ycloud.refuse;
    if (headers['xi-api-key'] !== undefined) return refuseElevenLabs;
    if (/^(App|Basic|IBSSO)\s/i.test(headers.authorization ?? '')) return refuseInfobip;
    return telnyx.refuse;
  };
}
