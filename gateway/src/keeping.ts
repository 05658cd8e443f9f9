import { join } from 'node:path';
import { MessagingLimits } from './accounts/messaging-limits.ts';
import type { Secrets } from './accounts/secrets.ts';
import type { WhatsApp } from './carriers/whatsapp/client.ts';
import { fetchMedia, uploadMedia } from './carriers/whatsapp/media.ts';
import type { Downloads } from './fetch/download.ts';
import { linkKey } from './media/links.ts';
import { localStorage } from './media/local-storage.ts';
import { Media } from './media/media.ts';
import { s3Storage } from './media/s3-storage.ts';
import type { Parts } from './parts.ts';
import { Aliases } from './recipients/aliases.ts';
import { Consents } from './recipients/consents.ts';
import { Contacts } from './recipients/contacts.ts';
import { HEARTBEAT_MS, WebhookHealth } from './recipients/webhook-health.ts';
import { TemplateDesk } from './templates/manage.ts';
import { Templates, type TemplatesOptions } from './templates/templates.ts';
import { type Upkeep, upkeep } from './upkeep.ts';

const TEMPLATES_DUE_MS = 60_000;
const MEDIA_SWEEP_MS = 60_000;
const LIMITS_DUE_MS = 60_000;

export interface KeepingOptions {
  readonly secrets: Secrets;
  readonly whatsapp: WhatsApp;
  readonly downloads: Downloads;
  /** Where this gateway is reached. */
  readonly publicUrl: () => string;
  readonly onTemplatesChanged: TemplatesOptions['onChange'];
  /** Reports were written. */
  readonly onReports: () => void;
}

/** What is kept of the world, put together: templates, files, people. */
export interface Keeping {
  readonly templates: Templates;
  readonly templateDesk: TemplateDesk;
  readonly media: Media;
  readonly messagingLimits: MessagingLimits;
  readonly aliases: Aliases;
  readonly consents: Consents;
  readonly contacts: Contacts;
  readonly health: WebhookHealth;
  /** Starts the work that comes back by itself. */
  readonly upkeep: () => Upkeep[];
  readonly close: () => Promise<void>;
}

export async function composeKeeping(parts: Parts, options: KeepingOptions): Promise<Keeping> {
  const { config, log, metrics, store, clock, directory, onError } = parts;
  const { whatsapp, downloads } = options;
  const speakerOf = (account: { readonly workspaceId: string; readonly wabaId: string }) =>
    directory.sendersOfWaba(account.wabaId).find(sender => sender.workspaceId === account.workspaceId);
  const ofTemplates = { store, clock, graph: whatsapp.request.bind(whatsapp), speakerOf };
  const messagingLimits = new MessagingLimits({
    store,
    clock,
    ask: speaker => whatsapp.messagingLimit(speaker),
    speakerOf,
  });
  const templates = await Templates.open({
    ...ofTemplates,
    accountOf: senderId => directory.senderById(senderId),
    accounts: () => directory.allSenders(),
    onChange: options.onTemplatesChanged,
    onError,
  });
  const s3 = config.mediaS3;
  const media = new Media({
    store,
    clock,
    storage: s3 === undefined ? localStorage(join(config.dataDir, 'media')) : s3Storage(s3),
    linkKey: await linkKey(store, options.secrets),
    publicUrl: options.publicUrl,
    uploadToMeta: (sender, file) => uploadMedia(whatsapp, sender, file),
    fetchFromMeta: (sender, id, maxBytes) => fetchMedia(whatsapp, sender, id, maxBytes),
    senderById: id => directory.senderById(id),
    download: (url, maxBytes) => downloads.get(url, maxBytes),
    keepInboundMs: config.mediaKeepMs,
  });
  const health = new WebhookHealth({
    store,
    clock,
    onUnheard: senderId => {
      metrics.unheard.inc();
      log.warn(
        {
          sender: senderId,
          remedy: 'Subscribe the app to the account, with /webhooks/whatsapp as URL.',
        },
        'messages of a sender are sent, and no webhook says what became of them',
      );
    },
  });
  await health.beat();
  return {
    templates,
    templateDesk: new TemplateDesk(ofTemplates, templates),
    media,
    messagingLimits,
    aliases: new Aliases(store, clock),
    consents: new Consents(store, clock, options.onReports),
    contacts: new Contacts(store, clock, options.onReports),
    health,
    upkeep: () => {
      const limits = upkeep(
        LIMITS_DUE_MS,
        () => messagingLimits.readDue(),
        error => onError(error, 'ask for messaging limits'),
      );
      // Not waited for: a start must not depend on Meta.
      templates.syncDue().catch(error => onError(error, 'read the templates of accounts'));
      return [
        upkeep(
          HEARTBEAT_MS,
          () => health.beat(),
          error => onError(error, 'write down which webhooks came'),
        ),
        upkeep(
          TEMPLATES_DUE_MS,
          () => templates.syncDue(),
          error => onError(error, 'read the templates of accounts'),
        ),
        {
          stop: () => {
            messagingLimits.stop();
            return limits.stop();
          },
        },
        upkeep(
          MEDIA_SWEEP_MS,
          () => media.sweep(),
          error => onError(error, 'delete media that has had its time'),
        ),
      ];
    },
    close: async () => {
      await templates.close();
      media.close();
    },
  };
}
