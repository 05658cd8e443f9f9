import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { Registry } from 'prom-client';
import type { Directory } from '../accounts/directory.ts';
import type { EndpointDialect } from '../accounts/endpoints.ts';
import type { MessagingLimits } from '../accounts/messaging-limits.ts';
import type { Secrets } from '../accounts/secrets.ts';
import type { Credentials, NumberCheck } from '../carriers/whatsapp/client.ts';
import type { Media } from '../media/media.ts';
import type { EventName } from '../message/event.ts';
import type { Cancellation } from '../outbox/cancel.ts';
import type { Consents } from '../recipients/consents.ts';
import type { WebhookHealth } from '../recipients/webhook-health.ts';
import type { EventFeed } from '../reports/event-feed.ts';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import type { TemplateDesk } from '../templates/manage.ts';
import type { Templates } from '../templates/templates.ts';

/** What the API needs of the floors below; `gateway.ts` passes it in. */
export interface ApiDeps {
  readonly version: string;
  readonly store: Store;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly directory: Directory;
  readonly registry: Registry;
  /** Each dialect that endpoints may ask for, with the names of its events. */
  readonly dialects: readonly {
    readonly name: EndpointDialect;
    readonly eventNames: Readonly<Record<string, readonly EventName[]>>;
    /** Its reports are signed with a secret of the endpoint: one is made where none is given. */
    readonly signsWithSecret?: boolean;
    /** What is wrong with a secret, as the end of a sentence. */
    readonly checkSecret?: (secret: string) => string | undefined;
  }[];
  /** Why an address may not be fetched; undefined when its text is fine. */
  readonly checkUrl: (url: string) => string | undefined;
  /** Reads a number at Meta with its token. */
  readonly verifyNumber: (credentials: Credentials) => Promise<NumberCheck>;
  /** Asks Meta to how many people an account may write. */
  readonly messagingLimits: Pick<MessagingLimits, 'read'>;
  readonly media: Media;
  readonly templates: Templates;
  readonly templateDesk: TemplateDesk;
  /** Whether the webhooks of a sender come. */
  readonly webhooks: Pick<WebhookHealth, 'lastAt' | 'isUnheard'>;
  readonly consents: Consents;
  /** Blocks somebody at WhatsApp too, or lets go; with how many numbers that was done. */
  readonly blockAtMeta: (workspaceId: string, recipient: string, block: boolean) => Promise<number>;
  /** Delivers reports that were put in line, at once. */
  readonly reportsReplayed: () => void;
  readonly feed: EventFeed;
  /** Live event streams that may be open here at once. */
  readonly eventStreams: number;
  /** Takes the lanes of new senders at once. */
  readonly sendersChanged: () => Promise<void>;
  /** Takes a message back that was not sent yet; undefined when the workspace has none with this id. */
  readonly cancel: (workspaceId: string, id: string) => Promise<Cancellation | undefined>;
}

/** Fastify with types from TypeBox schemas. */
export type Api = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;
