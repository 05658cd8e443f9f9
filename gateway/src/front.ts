import type { FastifyInstance } from 'fastify';
import type { Secrets } from './accounts/secrets.ts';
import { apiRoutes, refuseApi } from './api/routes.ts';
import { blockingBy } from './blocking.ts';
import type { WhatsApp } from './carriers/whatsapp/client.ts';
import type { Below } from './dialects/dialect.ts';
import { DIALECTS, dialectRefuser } from './dialects.ts';
import type { GuardedClient } from './fetch/guarded.ts';
import { createServer } from './http.ts';
import type { Keeping } from './keeping.ts';
import type { Message } from './message/message.ts';
import { cancelMessage } from './outbox/cancel.ts';
import type { Parts } from './parts.ts';
import type { Receiving } from './receiving.ts';
import { windowOf } from './recipients/windows.ts';
import { ENDPOINT_DIALECTS } from './reporting.ts';
import type { Deliver } from './reports/deliver.ts';
import type { EventFeed } from './reports/event-feed.ts';
import type { Sending } from './sending.ts';
import { findMessage } from './store/message-row.ts';
import { VERSION } from './version.ts';

export interface FrontOptions {
  readonly secrets: Secrets;
  readonly whatsapp: WhatsApp;
  readonly client: GuardedClient;
  readonly keeping: Keeping;
  readonly sending: Sending;
  readonly receiving: Receiving;
  readonly deliver: Deliver;
  readonly feed: EventFeed;
  readonly mediaUrlOf: (message: Message) => string | undefined;
  /** Takes the lanes of new numbers at once. */
  readonly sendersChanged: () => Promise<void>;
}

/** The HTTP front, put together: Meta's webhooks, the vendors' APIs and our own. It does not listen yet. */
export function composeFront(parts: Parts, options: FrontOptions): FastifyInstance {
  const { config, log, metrics, store, clock, directory } = parts;
  const {
    secrets,
    whatsapp,
    client,
    keeping,
    sending,
    receiving,
    deliver,
    feed,
    mediaUrlOf,
    sendersChanged,
  } = options;
  const { templates, templateDesk, media, health } = keeping;
  const cancel = (workspaceId: string, id: string) => cancelMessage(store, sending.settle, workspaceId, id);
  const below: Below = {
    directory,
    accept: async (messages, mark, render) => {
      const answers = await sending.accept.accept(messages, mark, render);
      const accepted = answers.filter(answer => answer.kind === 'accepted' && !answer.repeated).length;
      metrics.accepted.inc({ dialect: messages[0]?.dialect ?? 'none' }, accepted);
      return answers;
    },
    waitFor: (message, deadlineMs) => sending.direct.wait(message, deadlineMs),
    consents: keeping.consents,
    contacts: keeping.contacts,
    repeats: sending.repeats,
    findMessage: (workspaceId, id) => findMessage(store, workspaceId, id),
    cancel,
    windowOf: (workspaceId, senderId, recipient) =>
      windowOf(store, { workspaceId, senderId, recipient }, health.closedIsKnown(senderId), clock.now()),
    templates,
    templateDesk,
    media,
    mediaUrlOf,
    store,
    clock,
    secrets,
    graph: (credentials, method, path, body) => whatsapp.request(credentials, method, path, body),
    sendersChanged,
    checkUrl: url => client.check(url),
  };
  const app = createServer(dialectRefuser(refuseApi), log);
  receiving.routes(app);
  for (const dialect of DIALECTS) app.register(async scope => dialect.routes(scope, below));
  apiRoutes(app, {
    version: VERSION,
    store,
    clock,
    secrets,
    directory,
    registry: metrics.registry,
    dialects: ENDPOINT_DIALECTS,
    reportsReplayed: () => deliver.wakeLanes(),
    checkUrl: url => client.check(url),
    verifyNumber: input => whatsapp.verifyNumber(input),
    messagingLimits: keeping.messagingLimits,
    templates,
    templateDesk,
    media,
    webhooks: health,
    consents: keeping.consents,
    blockAtMeta: blockingBy(parts, whatsapp),
    feed,
    eventStreams: config.eventStreams,
    sendersChanged,
    cancel,
  });
  return app;
}
