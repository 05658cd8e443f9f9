import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fastify } from 'fastify';
import { Poster } from './post.ts';
import type { Sample } from './sample.ts';
import { template } from './template.ts';

/** The network's exchanges and nothing else: it takes a message and posts its three statuses, one each. */
export interface BareNetwork {
  readonly sample: Sample;
  readonly gatewayUrl: string;
}

/** As many as the sandbox keeps to one receiver of webhooks. */
const CONNECTIONS = 32;

const { sample } = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as BareNetwork;
const answer = template(sample.send.answer, sample.id);
const webhooks = sample.webhooks.map(({ path, headers, body }) => ({
  path,
  headers: [...headers],
  write: template(body, sample.id),
}));
let gateway: Poster | undefined;

const app = fastify();
app.post<{ Body: { biz_opaque_callback_data: string } }>(sample.send.path, (request, reply) => {
  const id = /^wb:([^:]+):/.exec(request.body.biz_opaque_callback_data)![1]!;
  reply.code(sample.send.status).type(sample.send.answerType).send(answer(id));
  for (const { path, headers, write } of webhooks) gateway?.post(path, headers, write(id), () => {});
});

await app.listen({ port: 0, host: '127.0.0.1' });
const { port } = app.server.address() as AddressInfo;
process.on('disconnect', () => process.exit(0));
// The gateway must know this address first, and this the gateway's.
process.on('message', message => {
  gateway = new Poster((message as { gatewayUrl: string }).gatewayUrl, CONNECTIONS);
});
process.send!({ port });
