import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Template } from '../../../templates/template.ts';
import type { Below } from '../../dialect.ts';
import { speakerOf } from '../../facts.ts';
import type { Fault } from '../errors.ts';
import { bothV2, found, listed, made, mount, NOTHING } from '../mount.ts';
import { pageOf, type Query, sliceOf } from '../paging.ts';
import { invalid, notFound, refused, refusedByMeta } from '../refused.ts';
import { missing } from '../shape.ts';
import { time } from '../translate.ts';
import { readBody } from './body.ts';
import { componentFaults, nameFaults } from './template-rules.ts';

const Category = Type.Enum(['MARKETING', 'UTILITY', 'AUTHENTICATION']);

/** What Meta takes; Telnyx's page says nothing of a language's form. */
const Language = Type.String({ minLength: 1, maxLength: 20 });
const Components = Type.Array(Type.Object({ type: Type.String({ minLength: 1 }) }), { minItems: 1 });

const New = Type.Object({
  waba_id: Type.String({ minLength: 1 }),
  name: Type.String(),
  category: Category,
  language: Language,
  components: Components,
  parameter_format: Type.Optional(Type.Enum(['NAMED', 'POSITIONAL', 'named', 'positional'])),
  allow_category_change: Type.Optional(Type.Boolean()),
});
const NEW = Compile(New);

const Edit = Type.Object({ category: Type.Optional(Category), components: Type.Optional(Components) });
const EDIT = Compile(Edit);

/** The templates of the workspace's business accounts (telnyx §3, rows 6 to 10). */
export function templateRoutes(app: FastifyInstance, below: Below): void {
  const { templates, templateDesk: desk } = below;

  mount(app, bothV2('/whatsapp/message_templates'), {
    GET: [
      'read',
      ({ workspaceId, query }) =>
        listed(
          query,
          async page => pageOf(templates.list(workspaceId).filter(wantedBy(query)), sliceOf(page)),
          show,
        ),
    ],
    POST: [
      'admin',
      async ({ workspaceId, body }) => {
        const wanted = readBody(NEW, body, newFaults);
        const wabaId = wanted.waba_id;
        if (speakerOf(below, workspaceId, wabaId) === undefined) {
          const detail = `You have no WhatsApp Business account ${wabaId}.`;
          throw refused(404, { code: '10005', detail, pointer: '/waba_id' });
        }
        const outcome = await desk.create(
          { workspaceId, wabaId },
          {
            name: wanted.name,
            language: wanted.language,
            category: wanted.category,
            components: wanted.components,
            parameterFormat: wanted.parameter_format,
            allowCategoryChange: wanted.allow_category_change,
          },
        );
        if ('failure' in outcome) throw refusedByMeta(outcome.failure, '40008');
        return made(show(outcome.template));
      },
    ],
  });

  // The official client and Telnyx's pages do not agree on the path of one template (telnyx §3, row 8).
  mount(app, [...bothV2('/whatsapp_message_templates/:id'), ...bothV2('/whatsapp/message_templates/:id')], {
    GET: ['read', async ({ workspaceId, params }) => found(show(ownTemplate(below, workspaceId, params.id)))],
    PATCH: [
      'admin',
      async ({ workspaceId, params, body }) => {
        const template = ownTemplate(below, workspaceId, params.id);
        const edit = readBody(EDIT, body, change => editFaults(change, template));
        speakerFor(below, template);
        const outcome = await desk.edit(template, edit);
        if ('failure' in outcome) throw refusedByMeta(outcome.failure, '40008');
        return found(show(outcome.template));
      },
    ],
    DELETE: [
      'admin',
      async ({ workspaceId, params }) => {
        const template = ownTemplate(below, workspaceId, params.id);
        speakerFor(below, template);
        const outcome = await desk.remove(template);
        if (outcome !== undefined) throw refusedByMeta(outcome.failure, '40008');
        return NOTHING;
      },
    ],
  });
}

function wantedBy(query: Query): (template: Template) => boolean {
  const wabaId = query['filter[waba_id]'];
  const category = query['filter[category]']?.toUpperCase();
  const status = query['filter[status]']?.toUpperCase();
  const search = query['filter[search]']?.toLowerCase();
  return template =>
    (wabaId === undefined || template.wabaId === wabaId) &&
    (category === undefined || template.category === category) &&
    (status === undefined || template.status === status) &&
    (search === undefined || template.name.toLowerCase().includes(search));
}

function newFaults(wanted: Static<typeof New>): Fault[] {
  return [...nameFaults(wanted.name), ...componentFaults(wanted.components, wanted.category)];
}

function editFaults(edit: Static<typeof Edit>, template: Template): Fault[] {
  if (edit.category === undefined && edit.components === undefined) return [missing('/components')];
  return componentFaults(edit.components ?? [], edit.category ?? template.category);
}

/** By its id here, or by Meta's. */
function ownTemplate({ templates }: Below, workspaceId: string, id = ''): Template {
  const template = templates.byId(workspaceId, id.toLowerCase()) ?? templates.byMetaId(workspaceId, id);
  if (template === undefined || template.goneAt !== undefined) throw notFound(`template ${id}`);
  return template;
}

/** @throws Refused when the last number of its account was taken away */
function speakerFor(below: Below, { workspaceId, wabaId }: Template): void {
  if (speakerOf(below, workspaceId, wabaId) !== undefined) return;
  const detail = `You have no number of WhatsApp Business account ${wabaId} any more.`;
  throw invalid({ code: '10015', detail });
}

function show(template: Template) {
  return {
    record_type: 'whatsapp_message_template',
    id: template.id,
    template_id: template.metaId,
    waba_id: template.wabaId,
    whatsapp_business_account: { id: template.wabaId },
    name: template.name,
    language: template.language,
    category: template.category,
    status: template.status,
    rejection_reason: template.rejectedReason ?? null,
    quality_rating: template.quality ?? null,
    components: template.components,
    created_at: time(template.createdAt),
    updated_at: time(template.updatedAt),
  };
}
