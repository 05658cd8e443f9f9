import type { FastifyRequest } from 'fastify';
import type { Account, Sender, Senders } from '../senders.ts';
import { GraphError, type Refusal, UNKNOWN_TOKEN, unknownNode } from './errors.ts';

/** Every Graph path begins with a version; any is served alike. */
export const VERSION = '/:version(^v\\d+\\.\\d+$)';

/** The account that a request's token opens: from the header, or from `access_token` as Meta also takes it. */
export function accountOf(request: FastifyRequest, senders: Senders): Account | undefined {
  const header = request.headers.authorization;
  if (header !== undefined) {
    const [scheme = '', token = ''] = header.split(' ', 2);
    // Meta's Resumable Upload API has its token under `OAuth`.
    return /^(bearer|oauth)$/i.test(scheme) ? senders.byToken(token) : undefined;
  }
  const { access_token } = request.query as { access_token?: unknown };
  return typeof access_token === 'string' ? senders.byToken(access_token) : undefined;
}

/** The number that a request is about, or why its token does not open it. */
export function numberOf(request: FastifyRequest, id: string, senders: Senders): Sender | Refusal {
  const account = accountOf(request, senders);
  if (account === undefined) return UNKNOWN_TOKEN;
  const sender = senders.byId(id);
  return sender?.account === account ? sender : unknownNode(id);
}

/** The WABA that a request is about; throws the refusal. */
export function ownAccount(request: FastifyRequest, id: string, senders: Senders): Account {
  const account = accountOf(request, senders);
  if (account === undefined) throw new GraphError(UNKNOWN_TOKEN);
  if (account.wabaId !== id) throw new GraphError(unknownNode(id));
  return account;
}
