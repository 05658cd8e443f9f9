import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Directory, Sender } from '../accounts/directory.ts';
import { newId } from '../message/id.ts';
import { Overloaded } from '../store/batch.ts';
import type { Clock } from '../store/clock.ts';
import type { JournalRow } from '../store/journal-row.ts';
import type { Arrivals } from './arrivals.ts';
import { named, parseBody } from './items.ts';
import type { Entry } from './reader.ts';
import { signingSecret } from './signature.ts';
import type { Spool } from './spool.ts';

/** Meta's webhooks have at most 3 MB (meta-cloud-api §5.1). */
const BODY_MAX = 3 * 1024 * 1024;

/** A body that names nobody we know is compared with at most so many secrets. */
const SECRETS_MAX = 50;

export interface WebhookOptions {
  readonly directory: Directory;
  readonly arrivals: Arrivals;
  /** For what comes while the database is away. */
  readonly spool: Spool;
  readonly clock: Clock;
  /** Accepted in the handshake beside each sender's own. */
  readonly verifyToken: string | undefined;
  /** The senders whose secret signed a webhook that is on disk. */
  readonly onHeard: (senderIds: readonly string[]) => void;
  readonly onWebhook: (outcome: 'taken' | 'spooled' | 'unsigned' | 'busy') => void;
}

/**
 * Where Meta's webhooks arrive. The order matters: signature over the raw bytes, on disk in the journal (in the spool
 * while the database is away), then 200.
 */
export function webhookRoutes(app: FastifyInstance, options: WebhookOptions): void {
  const { directory, arrivals, spool, clock, onWebhook } = options;

  app.register(async scope => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: BODY_MAX }, (_request, body, done) =>
      done(null, body),
    );

    scope.get('/webhooks/whatsapp', async (request: FastifyRequest, reply: FastifyReply) => {
      const query = request.query as Record<string, unknown>;
      const token = query['hub.verify_token'];
      const challenge = query['hub.challenge'];
      const known =
        typeof token === 'string' &&
        token !== '' &&
        (token === options.verifyToken ||
          [...directory.allSenders()].some(sender => sender.verifyToken === token));
      if (query['hub.mode'] !== 'subscribe' || !known || typeof challenge !== 'string') {
        return reply.code(403).type('text/plain').send('The verify token is not known here.\n');
      }
      return reply.type('text/plain').send(challenge);
    });

    scope.post('/webhooks/whatsapp', async (request: FastifyRequest, reply: FastifyReply) => {
      const body = request.body;
      const header = request.headers['x-hub-signature-256'];
      if (!Buffer.isBuffer(body) || typeof header !== 'string') return unsigned(reply);
      const parsed = parseBody(body);
      const claimed = claimedSenders(directory, parsed);
      const secrets = new Set(claimed.map(sender => sender.appSecret));
      if (secrets.size === 0) {
        for (const sender of directory.allSenders()) {
          secrets.add(sender.appSecret);
          if (secrets.size >= SECRETS_MAX) break;
        }
      }
      const secret = signingSecret(body, header, secrets);
      if (secret === undefined) return unsigned(reply);
      // Only what belongs to the secret that signed may take effect: one tenant's webhook cannot speak for another.
      const senderIds = claimed.filter(sender => sender.appSecret === secret).map(sender => sender.id);
      const id = newId();
      const row = { id, at: clock.now().toISOString(), body: body.toString('base64'), senders: senderIds };
      try {
        onWebhook(await keep(row, { id, parsed, bytes: body.byteLength, senderIds }));
      } catch (error) {
        if (!(error instanceof Overloaded)) throw error;
        onWebhook('busy');
        return reply.code(503).header('retry-after', error.retryAfterSeconds).send();
      }
      options.onHeard(senderIds);
      return reply.code(200).send();
    });
  });

  /** On the disk, in the database or beside it; what is in the spool is read when it is in the journal. */
  async function keep(row: JournalRow, entry: Entry): Promise<'taken' | 'spooled'> {
    if (!arrivals.isStuck) {
      try {
        await arrivals.write(row, entry);
        return 'taken';
      } catch (error) {
        if (!(error instanceof Overloaded)) throw error;
      }
    }
    await spool.write(row);
    return 'spooled';
  }

  function unsigned(reply: FastifyReply): FastifyReply {
    onWebhook('unsigned');
    return reply.code(401).send();
  }
}

function claimedSenders(directory: Directory, parsed: unknown): Sender[] {
  const { wabaIds, phoneNumberIds } = named(parsed);
  const senders = new Set<Sender>();
  for (const id of phoneNumberIds) {
    const sender = directory.sendersByPhoneNumberId(id);
    if (sender !== undefined) senders.add(sender);
  }
  for (const id of wabaIds) for (const sender of directory.sendersOfWaba(id)) senders.add(sender);
  return [...senders];
}
