import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** The counters and gauges of one gateway, in a registry of its own: several may live in one process. */
export function createMetrics(live: {
  readonly sends: () => number;
  readonly reports: () => number;
  readonly streams: () => number;
}) {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const counter = <Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const gauge = (name: string, help: string, read: () => number): Gauge =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  gauge('wirebird_sends_in_flight', 'Requests to the carrier under way', live.sends);
  gauge('wirebird_reports_in_flight', 'Report deliveries under way', live.reports);
  gauge('wirebird_event_streams', 'Live event streams open', live.streams);
  return {
    registry,
    /** Of how many messages wait; set by the outbox. */
    queued: (read: () => number) => gauge('wirebird_queued', 'Messages that wait to be sent', read),
    accepted: counter('wirebird_messages_accepted_total', 'Messages stored for sending', ['dialect']),
    events: counter('wirebird_message_events_total', 'What happened to messages', ['event']),
    reports: counter('wirebird_report_attempts_total', 'Attempts to deliver a report', ['outcome']),
    endpointsStopped: counter(
      'wirebird_endpoints_disabled_total',
      'Webhook endpoints that were disabled because they failed',
      ['why'],
    ),
    webhooks: counter('wirebird_webhooks_total', 'Webhooks of the carrier', ['outcome']),
    inbox: counter('wirebird_inbox_items_total', 'Items of webhooks that had no effect', ['why']),
    holds: counter('wirebird_sender_holds_total', 'Senders that had to wait', ['code']),
    unheard: counter(
      'wirebird_senders_unheard_total',
      'Senders whose messages were sent while no webhook came',
      [],
    ),
    unconfirmed: counter(
      'wirebird_unconfirmed_total',
      'Sends whose outcome was unknown when their lease ran out',
      [],
    ),
    resent: counter('wirebird_resent_total', 'Messages sent again because nothing was heard of them', []),
    duplicates: counter(
      'wirebird_duplicates_total',
      'Messages that WhatsApp is known to have taken twice',
      [],
    ),
    errors: counter('wirebird_errors_total', 'Faults inside the gateway', ['doing']),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;
