import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { Poster } from './post.ts';
import type { Sample } from './sample.ts';
import { template } from './template.ts';

/**
 * The gateway's exchanges and nothing else: no database, no signature, no pace, no retry. A program of its own, started
 * with a file: the sample, and where network and receiver are.
 */
export interface BareGateway {
  readonly sample: Sample;
  /** Absent: answers only. */
  readonly networkUrl?: string;
  readonly receiverUrl?: string;
}

/** As many connections as the gateway keeps to one Graph API host, and to one customer. */
const CONNECTIONS = 64;

/** What of a send is looked at, about as far as the gateway does. */
const SCHEMA = {
  body: {
    type: 'object',
    required: ['from', 'to', 'whatsapp_message'],
    properties: {
      from: { type: 'string', pattern: '^\\+[1-9]\\d{6,14}$' },
      to: { type: 'string', pattern: '^\\+[1-9]\\d{6,14}$' },
      webhook_url: { type: 'string', maxLength: 2000 },
      whatsapp_message: {
        type: 'object',
        required: ['type', 'template'],
        properties: {
          type: { const: 'template' },
          biz_opaque_callback_data: { type: 'string' },
          template: {
            type: 'object',
            required: ['name', 'language'],
            properties: { name: { type: 'string' }, language: { type: 'object', required: ['code'] } },
          },
        },
      },
    },
  },
};

interface StatusWebhook {
  readonly entry: readonly {
    changes: readonly {
      value: { statuses: readonly { status: string; biz_opaque_callback_data: string }[] };
    }[];
  }[];
}

const { sample, networkUrl, receiverUrl } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as BareGateway;
const { accept, send } = sample;
const answer = template(accept.answer, sample.id);
const outgoing = template(send.body, sample.id);
const reports = sample.reports.map(({ path, headers, body }) => ({
  path,
  headers: [...headers],
  write: template(body, sample.id),
}));
const network = networkUrl === undefined ? undefined : new Poster(networkUrl, CONNECTIONS);
const receiver = receiverUrl === undefined ? undefined : new Poster(new URL(receiverUrl).origin, CONNECTIONS);

const app = fastify();
app.post('/v2/messages/whatsapp', { schema: SCHEMA }, (_, reply) => {
  const id = randomUUID();
  reply.code(accept.status).type(accept.answerType).send(answer(id));
  network?.post(send.path, [...send.headers], outgoing(id), () => {});
});

const ORDER = ['sent', 'delivered', 'read'];
app.post<{ Body: StatusWebhook }>('/webhooks/whatsapp', (request, reply) => {
  const [status] = request.body.entry[0]!.changes[0]!.value.statuses;
  const id = /^wb:([^:]+):/.exec(status!.biz_opaque_callback_data)![1]!;
  reply.send();
  const report = reports[ORDER.indexOf(status!.status)]!;
  receiver?.post(report.path, report.headers, report.write(id), () => {});
});

await app.listen({ port: 0, host: '127.0.0.1' });
const { port } = app.server.address() as AddressInfo;
process.on('disconnect', () => process.exit(0));
process.send!({ port });
