import { type Static, Type } from 'typebox';
import type { Failure } from '../message/failure.ts';
import type { Template } from '../templates/template.ts';
import { principalOf, requires } from './access.ts';
import type { Api, ApiDeps } from './deps.ts';
import { invalid, notFound, Problem } from './problem.ts';
import { listOf, readQuery } from './query.ts';
import { Exactly, MetaId, Name } from './schema.ts';

const Params = Type.Object({ id: Type.String() });
const Components = Type.Array(Type.Unsafe<Record<string, unknown>>({ type: 'object' }), { maxItems: 20 });

/** WhatsApp: names of templates (meta-cloud-api §7). What Meta asks beyond the types is Meta's to say. */
const NewTemplate = Exactly({
  waba_id: MetaId,
  name: Type.String({ minLength: 1, maxLength: 512 }),
  language: Type.String({ minLength: 2, maxLength: 15 }),
  category: Type.Enum(['AUTHENTICATION', 'MARKETING', 'UTILITY']),
  components: Components,
  parameter_format: Type.Optional(Type.Enum(['NAMED', 'POSITIONAL'])),
  ttl_seconds: Type.Optional(Type.Integer({ minimum: -1 })),
  allow_category_change: Type.Optional(Type.Boolean()),
});

const Change = Exactly({
  components: Type.Optional(Components),
  category: Type.Optional(Type.Enum(['AUTHENTICATION', 'MARKETING', 'UTILITY'])),
  ttl_seconds: Type.Optional(Type.Integer({ minimum: -1 })),
});

const Account = Exactly({ waba_id: Name });

/** Templates as Meta has them; what is made, changed and deleted here is so at Meta first. */
export function templateRoutes(api: Api, deps: ApiDeps): void {
  const { directory, templates, templateDesk } = deps;
  const read = requires(directory, 'read');
  const admin = requires(directory, 'admin');
  const find = (workspaceId: string, id: string): Template => {
    const template = templates.byId(workspaceId, id);
    if (template === undefined || template.goneAt !== undefined) throw notFound('template');
    return template;
  };
  const ownWaba = (workspaceId: string, wabaId: string): void => {
    if (directory.sendersOfWaba(wabaId).some(sender => sender.workspaceId === workspaceId)) return;
    throw invalid({ pointer: '/waba_id', detail: `This workspace has no number of the account ${wabaId}.` });
  };

  api.get('/api/templates', read, async request => {
    const { page, filters } = readQuery(request, ['waba_id', 'name', 'status', 'category', 'language']);
    const fits = (one: Template): boolean =>
      (filters.waba_id === undefined || one.wabaId === filters.waba_id) &&
      (filters.name === undefined || one.name === filters.name) &&
      (filters.status === undefined || one.status === filters.status.toUpperCase()) &&
      (filters.category === undefined || one.category === filters.category.toUpperCase()) &&
      (filters.language === undefined || one.language === filters.language);
    const all = templates.list(principalOf(request).workspaceId).filter(fits);
    return listOf(
      page,
      async ({ limit, after }) => all.filter(one => after === undefined || one.id < after).slice(0, limit),
      show,
    );
  });

  api.get('/api/templates/:id', { ...read, schema: { params: Params } }, async request =>
    show(find(principalOf(request).workspaceId, request.params.id)),
  );

  api.post('/api/templates', { ...admin, schema: { body: NewTemplate } }, async (request, reply) => {
    const { workspaceId } = principalOf(request);
    const body = request.body;
    ownWaba(workspaceId, body.waba_id);
    const made = await templateDesk.create(
      { workspaceId, wabaId: body.waba_id },
      {
        name: body.name,
        language: body.language,
        category: body.category,
        components: body.components,
        parameterFormat: body.parameter_format,
        ttlSeconds: body.ttl_seconds,
        allowCategoryChange: body.allow_category_change,
      },
    );
    if ('failure' in made) throw refusedByMeta(made.failure);
    return reply.code(201).send(show(made.template));
  });

  api.patch('/api/templates/:id', { ...admin, schema: { params: Params, body: Change } }, async request => {
    const template = find(principalOf(request).workspaceId, request.params.id);
    const changed = await templateDesk.edit(template, editOf(request.body));
    if ('failure' in changed) throw refusedByMeta(changed.failure);
    return show(changed.template);
  });

  api.delete('/api/templates/:id', { ...admin, schema: { params: Params } }, async (request, reply) => {
    const refused = await templateDesk.remove(find(principalOf(request).workspaceId, request.params.id));
    if (refused !== undefined) throw refusedByMeta(refused.failure);
    return reply.code(204).send();
  });

  api.post('/api/templates/sync', { ...admin, schema: { body: Account } }, async request => {
    const { workspaceId } = principalOf(request);
    const { waba_id: wabaId } = request.body;
    ownWaba(workspaceId, wabaId);
    if (!(await templates.sync({ workspaceId, wabaId })))
      throw new Problem(502, 'WhatsApp did not give the templates of this account. Try again.');
    return { templates: templates.list(workspaceId).filter(one => one.wabaId === wabaId).length };
  });
}

function editOf(body: Static<typeof Change>) {
  return { components: body.components, category: body.category, ttlSeconds: body.ttl_seconds };
}

function refusedByMeta({ code, title, detail, source, outcome }: Failure): Problem {
  const said = `${code}: ${title}${detail === undefined ? '' : ` (${detail})`}`;
  if (source === 'network' || outcome === 'retry')
    return new Problem(502, `WhatsApp could not be asked: ${said}. Nothing was changed; try again.`);
  return new Problem(422, `WhatsApp refuses it: ${said}.`);
}

function show(template: Template) {
  return {
    id: template.id,
    meta_id: template.metaId,
    waba_id: template.wabaId,
    name: template.name,
    language: template.language,
    category: template.category,
    status: template.status,
    quality: template.quality ?? null,
    parameter_format: template.named ? 'NAMED' : 'POSITIONAL',
    components: template.components,
    ttl_seconds: template.ttlSeconds ?? null,
    rejected_reason: template.rejectedReason ?? null,
    created_at: template.createdAt,
    updated_at: template.updatedAt,
  };
}
