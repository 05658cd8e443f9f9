import type { FastifyInstance } from 'fastify';
import { sql } from 'kysely';
import type { Slice, Sliced } from '../../accounts/outcome.ts';
import type { Message } from '../../message/message.ts';
import { toMessage as fromRow } from '../../store/message-row.ts';
import type { Below } from '../dialect.ts';
import { findByEitherId } from './find-message.ts';
import { mount } from './mount.ts';
import { pageOf, type Query, readPage } from './paging.ts';
import { notFound } from './refused.ts';
import { type SenderOf, toMessage } from './translate.ts';

/** Messages that were sent, to be read (ycloud §2). */
export function messageRoutes(app: FastifyInstance, below: Below): void {
  const senderOf: SenderOf = id => below.directory.senderById(id);
  const show = (message: Message): object => toMessage(message, senderOf(message.senderId));

  mount(app, '/whatsapp/messages/:id', {
    GET: [
      'read',
      async ({ workspaceId, params }) => {
        const message = await findByEitherId(below, workspaceId, params.id ?? '', 'outbound');
        if (message === undefined) throw notFound('Message');
        return show(message);
      },
    ],
  });
}

/** The list stands on the path of the send, which has a route of its own. */
export async function listMessages(below: Below, workspaceId: string, query: Query): Promise<object> {
  const page = readPage(query);
  const found = await sliceMessages(below, workspaceId, query, page, page.includeTotal);
  return pageOf(page, found, message => toMessage(message, below.directory.senderById(message.senderId)));
}

/** Newest first. */
async function sliceMessages(
  { store, directory }: Below,
  workspaceId: string,
  query: Query,
  { limit, offset }: Slice,
  counted: boolean,
): Promise<Sliced<Message>> {
  const {
    'filter.wabaId': waba,
    'filter.from': from,
    'filter.to': to,
    'filter.externalId': externalId,
  } = query;
  const senders =
    waba === undefined && from === undefined
      ? undefined
      : [...directory.allSenders()]
          .filter(
            one =>
              one.workspaceId === workspaceId &&
              (waba === undefined || one.wabaId === waba) &&
              (from === undefined || one.phoneNumber === from.replace(/^ /, '+')),
          )
          .map(one => one.id);
  if (senders?.length === 0) return { rows: [], total: 0 };
  const wanted = store.db
    .selectFrom('messages')
    .where('workspace_id', '=', workspaceId)
    .where('direction', '=', 0)
    .$if(to !== undefined, one => one.where('recipient', '=', to!.replace(/^ /, '+')))
    .$if(externalId !== undefined, one => one.where('callback_data', '=', externalId!))
    .$if(senders !== undefined, one => one.where('sender_id', 'in', senders!));
  const [rows, total] = await Promise.all([
    wanted.selectAll().orderBy('id', 'desc').limit(limit).offset(offset).execute(),
    counted ? wanted.select(sql<string>`count(*)`.as('n')).executeTakeFirstOrThrow() : undefined,
  ]);
  return { rows: rows.map(fromRow), total: Number(total?.n ?? rows.length) };
}
