import { setTimeout as sleep } from 'node:timers/promises';
import { call } from './call.ts';
import { campaign } from './campaign.ts';
import { addSenders } from './network.ts';
import { REPORTS_PER_MESSAGE } from './receiver.ts';
import { type Exchange, startRecorder } from './recorder.ts';
import type { World } from './world.ts';

/** Every exchange of one message's life, so that the bare ones have the same bytes to carry. */
export interface Sample {
  /** Client to gateway, and its answer. */
  readonly accept: Exchange;
  /** Gateway to network, and its answer. */
  readonly send: Exchange;
  /** Network to gateway: one status each. */
  readonly webhooks: readonly Exchange[];
  /** Gateway to the customer. */
  readonly reports: readonly Exchange[];
  /** The message's id: it stands in all of them, and is another for each message. */
  readonly id: string;
}

/** A number of its own: its Graph API and its webhooks go through the recorder. */
const SAMPLED_SENDER = '+16465559999';

/** Of people that no campaign writes to. */
const SAMPLED_PREFIX = '+1628';

const PATIENCE_MS = 20_000;

/** Sends one message through the whole world and records what passes. */
export async function sampleExchanges(stack: AsyncDisposableStack, world: World): Promise<Sample> {
  const { gateway, network, receiver } = world;
  const recorder = await startRecorder();
  stack.defer(() => recorder.stop());
  recorder.routes = [
    { start: '/v2/', to: gateway.url },
    { start: '/webhooks/', to: gateway.url },
    { start: '/reports', to: new URL(receiver.url).origin },
    { start: '/', to: network.url },
  ];
  await addSenders(network, gateway, [SAMPLED_SENDER], { through: recorder.url });
  const { body } = campaign([SAMPLED_SENDER], `${recorder.url}/reports`, SAMPLED_PREFIX).next();
  const { data } = await call<{ data: { id: string } }>('POST', `${recorder.url}/v2/messages/whatsapp`, {
    key: gateway.key,
    body: JSON.parse(body),
  });
  const of = (start: string): Exchange[] => recorder.exchanges.filter(({ path }) => path.startsWith(start));
  const deadline = performance.now() + PATIENCE_MS;
  while (of('/reports').length < REPORTS_PER_MESSAGE || of('/webhooks/').length < REPORTS_PER_MESSAGE) {
    if (performance.now() > deadline) throw new Error('a single message did not come through within 20 s');
    await sleep(10);
  }
  const [accept] = of('/v2/');
  const send = recorder.exchanges.find(({ path }) => /^\/v\d+\.\d+\/\d+\/messages$/.test(path));
  if (accept === undefined || send === undefined) throw new Error('the recorder has missed an exchange');
  return { accept, send, webhooks: of('/webhooks/'), reports: of('/reports'), id: data.id };
}

/** An exchange of only the accept, where nothing else runs. */
export async function sampleAccept(stack: AsyncDisposableStack, world: World): Promise<Sample> {
  const { gateway, receiver, senders } = world;
  const recorder = await startRecorder();
  stack.defer(() => recorder.stop());
  recorder.routes = [{ start: '/v2/', to: gateway.url }];
  const { data } = await call<{ data: { id: string } }>('POST', `${recorder.url}/v2/messages/whatsapp`, {
    key: gateway.key,
    body: JSON.parse(campaign(senders, receiver.url, SAMPLED_PREFIX).next().body),
  });
  const accept = recorder.exchanges[0]!;
  return { accept, send: accept, webhooks: [], reports: [], id: data.id };
}
