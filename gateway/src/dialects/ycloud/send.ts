import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Content } from '../../message/content.ts';
import type { Outbound } from '../../message/message.ts';
import type { Accepted } from '../../outbox/accept.ts';
import type { Mark } from '../../outbox/repeats.ts';
import type { Refusal } from '../../problem.ts';
import type { Below } from '../dialect.ts';
import { withMediaIds } from '../media-names.ts';
import { once, tellRepeated } from '../once.ts';
import { termsOf } from '../terms.ts';
import { check, type Send } from './check.ts';
import { refuseFailure, refuseFault } from './errors.ts';
import { answer, answerProblem, principalOf } from './http.ts';
import { type From, MARKETING, toAnswer, toOutbound } from './translate.ts';

/** Takes a message that is submitted later: `POST /v2/whatsapp/messages` (the page). */
export function enqueue(request: FastifyRequest, reply: FastifyReply, below: Below): Promise<unknown> {
  return once(
    request,
    reply,
    below,
    principalOf(request),
    async mark => {
      const taken = await take(request, reply, below, mark, false);
      return 'refusal' in taken
        ? answer(reply, taken.refusal)
        : toAnswer(taken.send, taken.accepted, taken.from);
    },
    problem => answerProblem(reply, problem),
  );
}

/** How long the direct route waits for WhatsApp. */
const DEADLINE_MS = 10_000;

/**
 * What a message of the direct route is beside one that is enqueued: the flags are not for it (the page), and its caller
 * learns at once what holds it back. Nobody who waits is there any more when its validity ends, also after a crash.
 */
const DIRECTLY = {
  direct: true,
  known: 'refuse',
  priority: 'reply',
  validForMs: DEADLINE_MS + 5_000,
  consent: { mask: 0, marketingMask: MARKETING },
} as const satisfies Partial<Outbound>;

/** Sends within the request: `POST /v2/whatsapp/messages/sendDirectly` (ycloud §6). */
export function sendDirectly(request: FastifyRequest, reply: FastifyReply, below: Below): Promise<unknown> {
  const principal = principalOf(request);
  return once(
    request,
    reply,
    below,
    principal,
    async mark => {
      const taken = await take(request, reply, below, mark, true);
      if ('refusal' in taken) return answer(reply, taken.refusal);
      const { accepted, from, send } = taken;
      return answerWhenSent(reply, below, from.senderId, toAnswer(send, accepted, from));
    },
    problem => answerProblem(reply, problem),
    // The answer was kept before WhatsApp had said anything.
    async kept => {
      const answer = JSON.parse(kept) as Taken;
      const message = await below.findMessage(principal.workspaceId, answer.id);
      return message === undefined ? answer : answerWhenSent(reply, below, message.senderId, answer);
    },
  );
}

type Taken = ReturnType<typeof toAnswer>;

/** Waits for WhatsApp, and tells it with what is known already. */
async function answerWhenSent(
  reply: FastifyReply,
  below: Below,
  sender: string,
  taken: Taken,
): Promise<unknown> {
  const outcome = await below.waitFor({ id: taken.id, sender }, DEADLINE_MS);
  switch (outcome.kind) {
    case 'accepted':
      return { ...taken, wamid: outcome.wamid };
    case 'unanswered':
      return taken;
    case 'refused':
      return answer(reply, refuseFailure(outcome.failure));
    case 'unsent':
      return answer(reply, unsent(taken.from));
    case 'unknown':
      return answerProblem(reply, { kind: 'overloaded', retryAfterSeconds: 5, inDoubt: true });
  }
}

function unsent(from: string): Refusal {
  const message = `The message could not leave ${from} within ${DEADLINE_MS / 1_000} seconds and was not sent.`;
  return refuseFault(
    { status: 429, code: 'SENDER_RATE_LIMITED', message },
    { headers: { 'retry-after': '1' } },
  );
}

type Stored =
  | { readonly send: Send; readonly accepted: Accepted; readonly from: From }
  | { readonly refusal: Refusal };

/** Checks a request and stores its message. */
async function take(
  request: FastifyRequest,
  reply: FastifyReply,
  below: Below,
  mark: Mark,
  direct: boolean,
): Promise<Stored> {
  const checked = check(request.body ?? undefined);
  if (!checked.ok) return { refusal: refuseFault(checked.fault) };
  const { send } = checked;
  const { workspaceId } = principalOf(request);
  const sender = below.directory.senderByPhone(workspaceId, send.from);
  if (sender === undefined) {
    const message = `${send.from} is not one of your WhatsApp phone numbers.`;
    const fault = {
      status: 403,
      code: 'WHATSAPP_PHONE_NUMBER_UNAVAILABLE',
      message,
      target: 'from',
    } as const;
    return { refusal: refuseFault(fault) };
  }
  const from: From = {
    workspaceId,
    senderId: sender.id,
    phoneNumber: sender.phoneNumber,
    wabaId: sender.wabaId,
  };
  const terms = termsOf(request.headers);
  if (typeof terms === 'string')
    return { refusal: refuseFault({ status: 400, code: 'BAD_REQUEST', message: terms }) };
  const content: Content = await withMediaIds(send.content, workspaceId, below.media);
  const outbound = { ...toOutbound(send, content, from), ...terms, ...(direct ? DIRECTLY : {}) };
  const render = ([one]: readonly Accepted[]): unknown => toAnswer(send, one!, from);
  const [accepted] = await below.accept([outbound], mark, render);
  if (accepted === undefined) throw new Error('the outbox did not answer for a message');
  if (accepted.kind === 'refused') return { refusal: refuseFailure(accepted.failure) };
  if (accepted.repeated) tellRepeated(reply);
  return { send, accepted, from };
}
