import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isFields } from '../checks.ts';
import type { Network } from '../parts.ts';
import { readCategory, readCreation, readTtl, readWording } from '../templates/creation.ts';
import { generatedKept, generatedStays, wrongParam } from '../templates/refusals.ts';
import { CATEGORIES, STATUSES, type Template } from '../templates/template.ts';
import { accountOf, ownAccount, VERSION } from './access.ts';
import { GraphError, UNKNOWN_TOKEN, unknownNode } from './errors.ts';
import { pick } from './fields.ts';
import { pageOf } from './paging.ts';

type Query = Record<string, string | undefined>;
type TemplatesRequest = FastifyRequest<{
  Params: { version: string; id: string };
  Querystring: Query;
  Body: unknown;
}>;

/** What Meta gives of a template when no `fields` are asked for. */
const DEFAULTS = 'name,parameter_format,components,language,status,category';
/** Meta's own, when no `limit` is given */
const PAGE_SIZE = 25;

/** `message_templates` of a WABA, and what can be done with one template. */
export function templateRoutes(server: FastifyInstance, network: Network): void {
  const { senders, templates } = network;
  const path = `${VERSION}/:id/message_templates`;

  server.get(path, (request: TemplatesRequest) => {
    const { wabaId } = ownAccount(request, request.params.id, senders);
    const { query } = request;
    const found = templates.ofAccount(wabaId).filter(filterOf(query));
    const page = pageOf(request, found, ({ id }) => id, PAGE_SIZE);
    return { ...page, data: page.data.map(template => templateNode(template, query.fields)) };
  });

  server.post(path, (request: TemplatesRequest) => {
    const { wabaId } = ownAccount(request, request.params.id, senders);
    const definition = readCreation(isFields(request.body) ? request.body : {}, isHandle(network));
    const { id, status, category } = templates.create(wabaId, definition);
    return { id, status, category };
  });

  server.delete(path, (request: TemplatesRequest) => {
    const { wabaId } = ownAccount(request, request.params.id, senders);
    const { name, hsm_id: id } = request.query;
    if (name === undefined || name === '') throw wrongParam('The parameter name is required.');
    const doomed = templates
      .ofAccount(wabaId)
      .filter(template => template.name === name && (id === undefined || template.id === id));
    if (doomed.length === 0) {
      throw new GraphError({
        code: 100,
        subcode: 2593002,
        message: 'Invalid parameter',
        user: {
          title: 'Message Template Not Found',
          message: `No message template with the name ${name} was found.`,
        },
      });
    }
    if (doomed.some(({ generated }) => generated)) throw generatedKept();
    templates.remove(doomed);
    return { success: true };
  });

  server.post(`${VERSION}/:id/unpause`, (request: TemplatesRequest) => {
    const template = ownTemplate(request, network);
    if (template === undefined) throw new GraphError(unknownNode(request.params.id));
    if (templates.unpause(template)) return { success: true };
    return { success: false, reason: `The template is not paused, but ${template.status}.` };
  });
}

/** The template that a path names, when it is one; throws when the token does not open it. */
export function ownTemplate(
  request: FastifyRequest<{ Params: { id: string } }>,
  { senders, templates }: Network,
): Template | undefined {
  const { id } = request.params;
  const template = templates.byId(id);
  if (template === undefined) return undefined;
  const account = accountOf(request, senders);
  if (account === undefined) throw new GraphError(UNKNOWN_TOKEN);
  if (account.wabaId !== template.wabaId) throw new GraphError(unknownNode(id));
  return template;
}

/** `POST /{template-id}`: an edit. */
export function editTemplate(template: Template, body: unknown, network: Network): Record<string, unknown> {
  if (template.generated) throw generatedStays();
  const { components, category, message_send_ttl_seconds } = isFields(body) ? body : {};
  if (components === undefined && category === undefined && message_send_ttl_seconds === undefined) {
    throw wrongParam('One of the parameters components, category and message_send_ttl_seconds is required.');
  }
  const next = category === undefined ? template.category : readCategory(category);
  const { named, id, name } = template;
  const ttlSeconds = readTtl(message_send_ttl_seconds, next);
  network.templates.edit(template, {
    ...(components !== undefined && {
      components: readWording(components, { category: next, named, isHandle: isHandle(network) }),
    }),
    category: next,
    ...(ttlSeconds !== undefined && { ttlSeconds }),
  });
  return { success: true, id, name, category: template.category };
}

export function templateNode(template: Template, fields: string | undefined): Record<string, unknown> {
  const { reason, quality, qualityAt, previousCategory, ttlSeconds } = template;
  const all: Record<string, unknown> = {
    id: template.id,
    name: template.name,
    language: template.language,
    status: template.status,
    category: template.category,
    previous_category: previousCategory,
    correct_category: undefined,
    components: template.components,
    parameter_format: template.named ? 'NAMED' : 'POSITIONAL',
    quality_score: { score: quality, date: Math.floor(qualityAt / 1000) },
    rejected_reason: reason,
    message_send_ttl_seconds: ttlSeconds,
    sub_category: undefined,
    cta_url_link_tracking_opted_out: undefined,
    library_template_name: undefined,
    source: template.generated ? 'AUTO_GENERATED' : undefined,
  };
  const shown = pick('WhatsAppMessageTemplate', all, fields, DEFAULTS);
  if (!fields && previousCategory !== undefined) shown.previous_category = previousCategory;
  return shown;
}

function filterOf(query: Query): (template: Template) => boolean {
  const { name, name_or_content, language, quality_score, source } = query;
  const statuses = listOf('status', query.status, STATUSES);
  const categories = listOf('category', query.category, CATEGORIES);
  const qualities = quality_score?.toUpperCase().split(',');
  return template =>
    (name === undefined || template.name === name) &&
    (name_or_content === undefined || contains(template, name_or_content)) &&
    (language === undefined || language.split(',').includes(template.language)) &&
    (statuses === undefined || statuses.includes(template.status)) &&
    (categories === undefined || categories.includes(template.category)) &&
    (qualities === undefined || qualities.includes(template.quality)) &&
    (source === undefined || (source === 'AUTO_GENERATED') === template.generated);
}

function contains({ name, components }: Template, words: string): boolean {
  return name.includes(words) || components.some(({ text }) => text?.includes(words));
}

/** A filter of an enumeration: one value, several with commas, or a JSON array. */
function listOf(
  name: string,
  text: string | undefined,
  known: readonly string[],
): readonly string[] | undefined {
  if (text === undefined || text === '') return undefined;
  const values = text
    .replace(/[[\]"\s]/g, '')
    .toUpperCase()
    .split(',');
  const unknown = values.find(value => !known.includes(value));
  if (unknown !== undefined) throw wrongParam(`Param ${name} must be one of {${known.join(', ')}}.`);
  return values;
}

/** Only what the upload of a sample has given can be an example of a header. */
function isHandle(network: Network): (handle: string) => boolean {
  return handle => network.uploads.isHandle(handle);
}
