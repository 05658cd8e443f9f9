import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Below } from '../../dialect.ts';
import { bothV2, found, mount } from '../mount.ts';
import { time } from '../translate.ts';
import { OptionalText, readBody } from './body.ts';
import { urlsOf, webhookFaults } from './webhook-urls.ts';

const CHANGE = Compile(Type.Object({ webhook_url: OptionalText, webhook_failover_url: OptionalText }));

/**
 * Where Telnyx would send the events of a sign-up (telnyx §3, row 20). Numbers are not signed up through Wirebird, so
 * no such event ever happens; the addresses are kept for the programs that set and read them.
 */
export function userDataRoutes(app: FastifyInstance, below: Below): void {
  const { store, clock } = below;

  const read = async (workspaceId: string) => {
    const row = await store.db
      .selectFrom('signup_webhooks')
      .selectAll()
      .where('workspace_id', '=', workspaceId)
      .executeTakeFirst();
    return {
      record_type: 'whatsapp_user_data',
      webhook_url: row?.webhook_url ?? null,
      webhook_failover_url: row?.webhook_failover_url ?? null,
      created_at: time(row?.created_at),
      updated_at: time(row?.updated_at),
    };
  };

  mount(app, bothV2('/whatsapp/user_data'), {
    GET: ['read', async ({ workspaceId }) => found(await read(workspaceId))],
    PATCH: [
      'admin',
      async ({ workspaceId, body }) => {
        const change = readBody(CHANGE, body, given => webhookFaults(given, below.checkUrl));
        const { webhookUrl, webhookFailoverUrl } = urlsOf(change);
        const now = clock.now();
        const set = {
          webhook_url: webhookUrl,
          webhook_failover_url: webhookFailoverUrl,
          updated_at: now,
        };
        await store.db
          .insertInto('signup_webhooks')
          .values({ workspace_id: workspaceId, created_at: now, ...set })
          .onConflict(on => on.column('workspace_id').doUpdateSet(set))
          .execute();
        return found(await read(workspaceId));
      },
    ],
  });
}
