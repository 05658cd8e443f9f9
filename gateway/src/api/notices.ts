import type { Page } from '../accounts/outcome.ts';
import { EVENT, eventName, type NoticeEvent } from '../message/event.ts';
import { principalOf, requires } from './access.ts';
import type { Api, ApiDeps } from './deps.ts';
import { listOf, oneOf, readQuery } from './query.ts';

const ABOUT: readonly NoticeEvent[] = ['template', 'account', 'number'];

/** What Meta said of accounts, numbers and templates, as it came. */
export function noticeRoutes(api: Api, { store, directory }: ApiDeps): void {
  api.get('/api/notices', requires(directory, 'read'), async request => {
    const { workspaceId } = principalOf(request);
    const { page, filters } = readQuery(request, ['about', 'field', 'waba_id']);
    const about = oneOf('about', filters.about, ABOUT);

    const find = ({ limit, after }: Page) => {
      let query = store.db.selectFrom('notices').selectAll().where('workspace_id', '=', workspaceId);
      if (after !== undefined) query = query.where('id', '<', after);
      if (about !== undefined) query = query.where('kind', '=', EVENT[about]);
      if (filters.field !== undefined) query = query.where('field', '=', filters.field);
      if (filters.waba_id !== undefined) query = query.where('waba_id', '=', filters.waba_id);
      return query.orderBy('id', 'desc').limit(limit).execute();
    };
    return listOf(page, find, row => ({
      id: row.id,
      about: eventName(row.kind),
      waba_id: row.waba_id,
      sender_id: row.sender_id,
      sender: row.sender_id === null ? null : (directory.senderById(row.sender_id)?.phoneNumber ?? null),
      field: row.field,
      event: row.event,
      value: JSON.parse(row.value) as unknown,
      at: row.at,
      received_at: row.received_at,
    }));
  });
}
