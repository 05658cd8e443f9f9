import { DIALECTS } from './dialects.ts';
import type { GuardedClient } from './fetch/guarded.ts';
import type { Message } from './message/message.ts';
import type { Parts } from './parts.ts';
import { Deliver } from './reports/deliver.ts';

/** Puts the delivery of reports together. */
export function composeReporting(
  parts: Parts,
  client: GuardedClient,
  mediaUrlOf: (message: Message) => string | undefined,
): Deliver {
  const { config, metrics, store, clock, directory, onError } = parts;
  return new Deliver({
    store,
    clock,
    client,
    encoders: Object.fromEntries(DIALECTS.map(dialect => [dialect.name, dialect.encode])),
    keysOf: (workspaceId, endpointId) => {
      const workspace = directory.workspace(workspaceId);
      if (workspace === undefined) return undefined;
      return {
        ed25519: bytes => workspace.sign(bytes),
        secret: endpointId === undefined ? undefined : directory.endpointSecret(endpointId),
      };
    },
    mediaUrlOf,
    wabaOf: senderId => directory.senderById(senderId)?.wabaId,
    phoneOf: senderId => directory.senderById(senderId)?.phoneNumber,
    scheduleMs: config.reportScheduleMs,
    timeoutMs: config.reportTimeoutMs,
    concurrency: config.reportConcurrency,
    onDelivered: ok => metrics.reports.inc({ outcome: ok ? 'delivered' : 'failed' }),
    onError,
  });
}
