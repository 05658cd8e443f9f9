import { Type } from 'typebox';
import type { Page } from '../accounts/outcome.ts';
import { DIRECTIONS, type Message } from '../message/message.ts';
import { STATUS, type StatusName } from '../message/status.ts';
import { shownMessage } from '../reports/own.ts';
import { findMessage, toMessage } from '../store/message-row.ts';
import { principalOf, requires } from './access.ts';
import type { Api, ApiDeps } from './deps.ts';
import { phone, senderId } from './phones.ts';
import { notFound, Problem } from './problem.ts';
import { listOf, oneOf, readQuery } from './query.ts';
import { readTimeline } from './timeline.ts';

const STATUSES = Object.keys(STATUS) as StatusName[];

/** Messages, to be read and taken back: sending is what the dialects are for. */
export function messageRoutes(api: Api, deps: ApiDeps): void {
  const { store, directory } = deps;
  const read = requires(directory, 'read');

  api.get('/api/messages', read, async request => {
    const { workspaceId } = principalOf(request);
    const { page, filters } = readQuery(request, [
      'status',
      'direction',
      'recipient',
      'sender',
      'callback_data',
    ]);
    const status = oneOf('status', filters.status, STATUSES);
    const direction = oneOf('direction', filters.direction, DIRECTIONS);
    const recipient = phone('recipient', filters.recipient);
    const sender =
      filters.sender === undefined ? undefined : senderId(directory, workspaceId, filters.sender);
    // It has no messages to show.
    if (sender === null) return { data: [], next: null };

    const find = async ({ limit, after }: Page): Promise<Message[]> => {
      let query = store.db.selectFrom('messages').selectAll().where('workspace_id', '=', workspaceId);
      if (after !== undefined) query = query.where('id', '<', after);
      if (status !== undefined) query = query.where('status', '=', STATUS[status]);
      if (direction !== undefined) query = query.where('direction', '=', DIRECTIONS.indexOf(direction));
      if (recipient !== undefined) query = query.where('recipient', '=', recipient);
      if (sender !== undefined) query = query.where('sender_id', '=', sender);
      if (filters.callback_data !== undefined)
        query = query.where('callback_data', '=', filters.callback_data);
      return (await query.orderBy('id', 'desc').limit(limit).execute()).map(toMessage);
    };
    return listOf(page, find, message => show(deps, message));
  });

  api.get(
    '/api/messages/:id',
    { ...read, schema: { params: Type.Object({ id: Type.String() }) } },
    async request => {
      const message = await findMessage(store, principalOf(request).workspaceId, request.params.id);
      if (message === undefined) throw notFound('message');
      const now = deps.clock.now();
      const shown = show(deps, message);
      return {
        ...shown,
        waits: shown.waits ?? (message.status === 'queued' ? await senderWaits(message.senderId, now) : null),
        timeline: await readTimeline(store, message, now),
      };
    },
  );

  api.post(
    '/api/messages/:id/cancel',
    { ...requires(directory, 'send'), schema: { params: Type.Object({ id: Type.String() }) } },
    async request => {
      const outcome = await deps.cancel(principalOf(request).workspaceId, request.params.id);
      if (outcome === undefined) throw notFound('message');
      if (!outcome.canceled)
        throw new Problem(
          409,
          `Only a message that was not sent yet can be canceled: this one is ${outcome.message.status}.`,
        );
      return show(deps, outcome.message);
    },
  );

  /** A message that is ready waits all the same while its sender must. */
  async function senderWaits(id: string, now: Date) {
    const lane = await store.db
      .selectFrom('lanes')
      .select(['held_until', 'hold_code', 'hold_detail'])
      .where('sender_id', '=', id)
      .where('held_until', '>', now)
      .executeTakeFirst();
    return lane === undefined
      ? null
      : { reason: 'sender', until: lane.held_until, code: lane.hold_code, detail: lane.hold_detail };
  }
}

function show({ directory }: ApiDeps, message: Message) {
  return shownMessage(message, directory.senderById(message.senderId)?.phoneNumber);
}
