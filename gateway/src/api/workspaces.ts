import { Type } from 'typebox';
import { createKey } from '../accounts/keys.ts';
import {
  changeWorkspace,
  createWorkspace,
  getWorkspace,
  listWorkspaces,
  type Workspace,
} from '../accounts/workspaces.ts';
import { isOperator, operatorOnly, principalOf, requires } from './access.ts';
import type { Api, ApiDeps } from './deps.ts';
import { showNewKey } from './keys.ts';
import { notFound, Problem } from './problem.ts';
import { listOf, readQuery } from './query.ts';
import { Exactly, Name, Policy } from './schema.ts';

const Seconds = (max: number) =>
  Type.Optional(Type.Union([Type.Integer({ minimum: 1, maximum: max }), Type.Null()]));

/** What holds for a workspace's messages where they say nothing themselves; times in seconds, null for the default. */
const Terms = {
  unconfirmed_policy: Type.Optional(Policy),
  unconfirmed_deadline: Seconds(86_400),
  valid_for: Seconds(30 * 86_400),
};

const termsOf = (body: {
  unconfirmed_policy?: Workspace['unconfirmedPolicy'];
  unconfirmed_deadline?: number | null;
  valid_for?: number | null;
}) => ({
  unconfirmedPolicy: body.unconfirmed_policy,
  unconfirmedDeadlineS: body.unconfirmed_deadline,
  validForS: body.valid_for,
});

/** Tenants. Operators make them; each may read and change its own. */
export function workspaceRoutes(api: Api, deps: ApiDeps): void {
  const { store, secrets, clock, directory } = deps;

  /** With the first admin key of the new workspace, since nobody else could make one in it. */
  api.post(
    '/api/workspaces',
    {
      ...requires(directory, 'admin'),
      schema: { body: Exactly({ name: Name, ...Terms }) },
    },
    async (request, reply) => {
      operatorOnly(directory, request);
      const { name } = request.body;
      const now = clock.now();
      const made = await store.db.transaction().execute(async db => {
        const workspace = await createWorkspace({ db }, secrets, { name, ...termsOf(request.body) }, now);
        if ('kind' in workspace) throw new Problem(409, workspace.detail);
        const key = await createKey(
          { db },
          { workspaceId: workspace.id, name: 'first', scopes: ['admin'] },
          now,
        );
        return { ...show(workspace), first_key: showNewKey(key) };
      });
      await directory.refresh();
      return reply.code(201).send(made);
    },
  );

  api.get('/api/workspaces', requires(directory, 'admin'), async request => {
    operatorOnly(directory, request);
    return listOf(readQuery(request, []).page, page => listWorkspaces(store, page), show);
  });

  const Params = Type.Object({ id: Type.String() });

  api.get(
    '/api/workspaces/:id',
    { ...requires(directory, 'read'), schema: { params: Params } },
    async request => {
      const workspace = mayReach(request) ? await getWorkspace(store, request.params.id) : undefined;
      if (workspace === undefined) throw notFound('workspace');
      return show(workspace);
    },
  );

  api.patch(
    '/api/workspaces/:id',
    {
      ...requires(directory, 'admin'),
      schema: {
        params: Params,
        body: Exactly({ name: Type.Optional(Name), ...Terms }),
      },
    },
    async request => {
      if (!mayReach(request)) throw notFound('workspace');
      const { name } = request.body;
      const changed = await changeWorkspace(store, request.params.id, { name, ...termsOf(request.body) });
      if (changed === undefined) throw notFound('workspace');
      if ('kind' in changed) throw new Problem(409, changed.detail);
      await directory.refresh();
      return show(changed);
    },
  );

  function mayReach(request: Parameters<typeof principalOf>[0]): boolean {
    const principal = principalOf(request);
    return (
      principal.workspaceId === (request.params as { id: string }).id || isOperator(directory, principal)
    );
  }
}

function show(workspace: Workspace) {
  return {
    id: workspace.id,
    name: workspace.name,
    unconfirmed_policy: workspace.unconfirmedPolicy,
    unconfirmed_deadline: workspace.unconfirmedDeadlineS ?? null,
    valid_for: workspace.validForS ?? null,
    public_key: workspace.publicKey.toString('base64'),
    created_at: workspace.createdAt,
  };
}
