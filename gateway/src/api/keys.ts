import { Type } from 'typebox';
import { type ApiKey, createKey, listKeys, revokeKey } from '../accounts/keys.ts';
import { getWorkspace } from '../accounts/workspaces.ts';
import { isOperator, principalOf, requires } from './access.ts';
import type { Api, ApiDeps } from './deps.ts';
import { notFound } from './problem.ts';
import { listOf, readQuery } from './query.ts';
import { Exactly, Name, Scopes } from './schema.ts';

/** API keys of the caller's workspace; operators may also make one in another. */
export function keyRoutes(api: Api, deps: ApiDeps): void {
  const { store, clock, directory } = deps;

  api.post(
    '/api/keys',
    {
      ...requires(directory, 'admin'),
      schema: { body: Exactly({ name: Name, scopes: Scopes, workspace_id: Type.Optional(Type.String()) }) },
    },
    async (request, reply) => {
      const principal = principalOf(request);
      const { name, scopes, workspace_id: workspaceId = principal.workspaceId } = request.body;
      if (workspaceId !== principal.workspaceId) {
        const known =
          isOperator(directory, principal) && (await getWorkspace(store, workspaceId)) !== undefined;
        if (!known) throw notFound('workspace');
      }
      const made = await createKey(store, { workspaceId, name, scopes }, clock.now());
      await directory.refresh();
      return reply.code(201).send(showNewKey(made));
    },
  );

  api.get('/api/keys', requires(directory, 'admin'), async request =>
    listOf(
      readQuery(request, []).page,
      page => listKeys(store, principalOf(request).workspaceId, page),
      show,
    ),
  );

  api.delete(
    '/api/keys/:id',
    { ...requires(directory, 'admin'), schema: { params: Type.Object({ id: Type.String() }) } },
    async (request, reply) => {
      const revoked = await revokeKey(
        store,
        principalOf(request).workspaceId,
        request.params.id,
        clock.now(),
      );
      if (!revoked) throw notFound('key');
      await directory.refresh();
      return reply.code(204).send();
    },
  );
}

/** The one answer that holds the key itself. */
export function showNewKey(made: { key: ApiKey; secret: string }) {
  return { ...show(made.key), key: made.secret };
}

function show(key: ApiKey) {
  return {
    id: key.id,
    workspace_id: key.workspaceId,
    name: key.name,
    hint: key.hint,
    scopes: key.scopes,
    created_at: key.createdAt,
    revoked_at: key.revokedAt ?? null,
  };
}
