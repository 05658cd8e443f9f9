import type { Fault } from '../errors.ts';
import { type CheckUrl, urlFault } from '../shape.ts';

/** The two addresses of events that several resources have; null and an empty text take one away. */
export interface WebhookUrls {
  readonly webhook_url?: string | null | undefined;
  readonly webhook_failover_url?: string | null | undefined;
}

export function webhookFaults(body: WebhookUrls, checkUrl: CheckUrl): Fault[] {
  return (['webhook_url', 'webhook_failover_url'] as const).flatMap(
    name => urlFault(body[name] || undefined, `/${name}`, checkUrl) ?? [],
  );
}

/** As they are stored: undefined changes nothing. */
export function urlsOf(body: WebhookUrls): {
  readonly webhookUrl: string | null | undefined;
  readonly webhookFailoverUrl: string | null | undefined;
} {
  const { webhook_url: url, webhook_failover_url: failoverUrl } = body;
  return {
    webhookUrl: url === '' ? null : url,
    webhookFailoverUrl: failoverUrl === '' ? null : failoverUrl,
  };
}
