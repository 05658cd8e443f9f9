import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Accepted } from '../../outbox/accept.ts';
import type { Mark } from '../../outbox/repeats.ts';
import type { Below } from '../dialect.ts';
import { once, tellRepeated } from '../once.ts';
import { termsOf } from '../terms.ts';
import { check } from './check.ts';
import { refuseFaults, refuseSend } from './errors.ts';
import { answer, answerProblem, principalOf } from './http.ts';
import { withMetasNames } from './named.ts';
import { sendingProfile, withProfile } from './sending-profile.ts';
import { toAnswer, toOutbound } from './translate.ts';

/** Takes a message of any type (telnyx §3, row 1). */
export function send(request: FastifyRequest, reply: FastifyReply, below: Below): Promise<unknown> {
  return once(
    request,
    reply,
    below,
    principalOf(request),
    mark => sendMarked(request, reply, below, mark),
    problem => answerProblem(reply, problem),
  );
}

async function sendMarked(
  request: FastifyRequest,
  reply: FastifyReply,
  below: Below,
  mark: Mark,
): Promise<unknown> {
  // Without a content type and without a body Fastify parses nothing and complains about nothing.
  if (request.body === undefined) {
    return answerProblem(reply, { kind: 'unsupported_media_type', given: request.headers['content-type'] });
  }
  const checked = check(request.body, below.checkUrl);
  if (!checked.ok) return answer(reply, refuseFaults(422, checked.faults));
  const { workspaceId } = principalOf(request);
  const sender = below.directory.senderByPhone(workspaceId, checked.send.from);
  if (sender === undefined) {
    const detail = `${checked.send.from} is not one of your WhatsApp numbers.`;
    return answer(reply, refuseFaults(400, [{ code: '40305', detail, pointer: '/from' }]));
  }
  const profile = sendingProfile(below.directory, sender, checked.send);
  if (!profile.ok) return answer(reply, refuseFaults(400, [profile.fault]));
  const sent = withProfile(checked.send, profile);
  const named = await withMetasNames(sent.whatsapp_message, checked.content, sender, below);
  if (!named.ok) return answer(reply, named.refusal);
  const terms = termsOf(request.headers);
  if (typeof terms === 'string') return answerProblem(reply, { kind: 'bad_request', message: terms });
  const outbound = { ...toOutbound(sent, named.content, { workspaceId, senderId: sender.id }), ...terms };
  const render = ([one]: readonly Accepted[]): unknown => toAnswer(sent, one!, workspaceId, profile.id);
  const [accepted] = await below.accept([outbound], mark, render);
  if (accepted === undefined) throw new Error('the outbox did not answer for a message');
  if (accepted.kind === 'refused') return answer(reply, refuseSend(accepted.failure));
  if (accepted.repeated) tellRepeated(reply);
  return render([accepted]);
}
