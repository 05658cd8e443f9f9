import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isFields } from '../checks.ts';
import type { Network } from '../parts.ts';
import type { Account, Sender } from '../senders.ts';
import { Problem } from './problem.ts';

type Request = FastifyRequest<{ Params: { id: string }; Body: unknown }>;

/** WhatsApp: messages per second of a number that has been raised (meta-cloud-api §8.1) */
const HIGH_THROUGHPUT = 1000;

/** News of an account and its numbers, as Meta would tell them (meta-cloud-api §5.5). */
export function accountControls(server: FastifyInstance, network: Network): void {
  const { senders, webhooks, clock } = network;

  server.post('/accounts/:id/events', (request: Request, reply) => {
    const account = senders.account(request.params.id);
    if (account === undefined) throw new Problem(404, `There is no account ${request.params.id}.`);
    const { field, value, phone_number } = isFields(request.body) ? request.body : {};
    if (typeof field !== 'string' || !/^[a-z_]+$/.test(field) || field === 'messages') {
      throw new Problem(400, '"field" must be a webhook field of Meta\'s other than messages.');
    }
    if (!isFields(value)) throw new Problem(400, '"value" must be a JSON object.');
    const sender = numberNamed(account, phone_number, network);
    take(account, value, network);
    webhooks.send({ kind: 'notice', account, sender, field, value, at: clock.now() });
    return reply.code(202).send({ success: true });
  });
}

/** Only the events of some fields, such as `smb_message_echoes`, carry the number's metadata. */
function numberNamed(account: Account, phoneNumber: unknown, { senders }: Network): Sender | undefined {
  if (phoneNumber === undefined) return undefined;
  const sender = typeof phoneNumber === 'string' ? senders.byNumber(phoneNumber) : undefined;
  if (sender?.account !== account)
    throw new Problem(400, `The account has no number ${String(phoneNumber)}.`);
  return sender;
}

/** What an event says is so from now on: throughput, quality, the messaging limit, and whether the account may send. */
function take(account: Account, value: Record<string, unknown>, { senders }: Network): void {
  const { event, display_phone_number, ban_info } = value;
  const numbers = senders.ofAccount(account);
  const digits = String(display_phone_number ?? '').replace(/\D/g, '');
  const about = numbers.find(({ phoneNumber }) => phoneNumber.slice(1) === digits);
  if (about !== undefined) {
    if (event === 'THROUGHPUT_UPGRADE') about.throughput = HIGH_THROUGHPUT;
    else if (event === 'FLAGGED') about.quality = 'RED';
    else if (event === 'UNFLAGGED') about.quality = 'GREEN';
    senders.save(about);
  }
  const limit = value.max_daily_conversations_per_business ?? value.current_limit;
  if (typeof limit === 'string' || typeof limit === 'number') {
    account.messagingLimit = String(limit);
    for (const sender of numbers) senders.save(sender);
  }
  if (event !== 'DISABLED_UPDATE' || !isFields(ban_info)) return;
  if (ban_info.waba_ban_state === 'DISABLE') account.disabled = true;
  if (ban_info.waba_ban_state === 'REINSTATE') account.disabled = false;
  for (const sender of numbers) senders.save(sender);
}
