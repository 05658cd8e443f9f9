import { stopEndpoint } from './accounts/endpoints.ts';
import { DIALECTS } from './dialects.ts';
import type { GuardedClient } from './fetch/guarded.ts';
import type { Message } from './message/message.ts';
import type { Parts } from './parts.ts';
import type { Timing } from './reports/claims.ts';
import { Deliver } from './reports/deliver.ts';
import { failingEndpoints, forgetSilent } from './reports/failing.ts';
import { OWN } from './reports/own.ts';
import { SCHEDULE_MS } from './reports/schedule.ts';
import { type Upkeep, upkeep } from './upkeep.ts';

/** What endpoints may ask for: the vendors' forms, and Wirebird's own. */
export const ENDPOINT_DIALECTS = [...DIALECTS, OWN];

/** How long a receiver may take to answer where its dialect does not say so. */
const TIMEOUT_MS = 15_000;

const FAILING_MS = 60_000;

/** The delivery of reports, put together. */
export interface Reporting {
  readonly deliver: Deliver;
  /** Starts the work that comes back by itself. */
  readonly upkeep: () => Upkeep[];
}

export function composeReporting(
  parts: Parts,
  client: GuardedClient,
  mediaUrlOf: (message: Message) => string | undefined,
): Reporting {
  const { config, log, metrics, store, clock, directory, onError } = parts;
  const timings = new Map<string, Timing>(
    DIALECTS.map(({ name, reportScheduleMs, reportTimeoutMs }) => [
      name,
      {
        scheduleMs: config.reportScheduleMs ?? reportScheduleMs ?? SCHEDULE_MS,
        timeoutMs: config.reportTimeoutMs ?? reportTimeoutMs ?? TIMEOUT_MS,
      },
    ]),
  );
  const usual: Timing = {
    scheduleMs: config.reportScheduleMs ?? SCHEDULE_MS,
    timeoutMs: config.reportTimeoutMs ?? TIMEOUT_MS,
  };

  const stop = async (endpointId: string, why: 'gone' | 'failing', reason: string): Promise<void> => {
    const stopped = await stopEndpoint(store, endpointId, reason, clock.now());
    if (stopped === undefined) return;
    metrics.endpointsStopped.inc({ why });
    log.error(
      {
        endpoint: endpointId,
        workspace: stopped.workspaceId,
        reason,
        remedy: 'Mend the receiver, enable the endpoint again, and replay what failed.',
      },
      'a webhook endpoint is disabled: its reports are kept as failed',
    );
  };
  const stopFailing = async (): Promise<void> => {
    for (const { endpointId, reason } of await failingEndpoints(store, clock.now()))
      await stop(endpointId, 'failing', reason);
    await forgetSilent(store, clock.now());
  };

  const deliver = new Deliver({
    store,
    clock,
    client,
    encoders: Object.fromEntries(ENDPOINT_DIALECTS.map(dialect => [dialect.name, dialect.encode])),
    keysOf: (workspaceId, endpointId) => {
      const workspace = directory.workspace(workspaceId);
      if (workspace === undefined) return undefined;
      const secrets =
        endpointId === undefined ? undefined : directory.endpointSecrets(endpointId, clock.now());
      return {
        ed25519: bytes => workspace.sign(bytes),
        secret: secrets?.secret,
        previousSecret: secrets?.previous,
      };
    },
    mediaUrlOf,
    wabaOf: senderId => directory.senderById(senderId)?.wabaId,
    phoneOf: senderId => directory.senderById(senderId)?.phoneNumber,
    timingOf: dialect => timings.get(dialect) ?? usual,
    concurrency: config.reportConcurrency,
    random: Math.random,
    onDelivered: ok => metrics.reports.inc({ outcome: ok ? 'delivered' : 'failed' }),
    onGone: endpointId =>
      void stop(endpointId, 'gone', 'its receiver answered 410').catch(error =>
        onError(error, 'disable a webhook endpoint'),
      ),
    onError,
  });
  return {
    deliver,
    upkeep: () => [
      upkeep(FAILING_MS, stopFailing, error => onError(error, 'look for webhook endpoints that fail')),
    ],
  };
}
