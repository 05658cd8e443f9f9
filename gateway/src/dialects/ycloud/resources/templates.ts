import type { FastifyInstance } from 'fastify';
import type { Template } from '../../../templates/template.ts';
import type { Below } from '../../dialect.ts';
import { speakerOf } from '../../facts.ts';
import { field, isObject } from '../../field.ts';
import { mount } from '../mount.ts';
import { pageOf, readPage, sliceOf } from '../paging.ts';
import { invalid, notFound, refused, refusedByMeta } from '../refused.ts';
import { time } from '../translate.ts';

/** ycloud §9, "Template": YCloud's own example has underscores. */
const NAME = /^[a-z0-9_]{1,512}$/;
const CATEGORIES = ['AUTHENTICATION', 'MARKETING', 'UTILITY'];

/** Statuses in which Meta takes another wording (ycloud §9). */
const EDITABLE = ['APPROVED', 'REJECTED', 'PAUSED'];

/** The templates of the workspace's business accounts (ycloud §2). */
export function templateRoutes(app: FastifyInstance, below: Below): void {
  const { templates, templateDesk: desk } = below;
  const standing = (workspaceId: string) =>
    templates.list(workspaceId).filter(template => template.goneAt === undefined);

  mount(app, '/whatsapp/templates', {
    GET: [
      'read',
      async ({ workspaceId, query }) => {
        const page = readPage(query);
        const statuses = query['filter.status']?.toUpperCase().split(',');
        const fits = (name: string, value: string): boolean =>
          query[name] === undefined || query[name] === value;
        const rows = standing(workspaceId).filter(
          one =>
            fits('filter.wabaId', one.wabaId) &&
            fits('filter.name', one.name) &&
            fits('filter.language', one.language) &&
            (statuses === undefined || statuses.includes(one.status)),
        );
        return pageOf(page, sliceOf(rows, page), show);
      },
    ],
    POST: [
      'admin',
      async ({ workspaceId, body }) => {
        const wanted = readNew(body);
        const { wabaId, name, language } = wanted;
        if (speakerOf(below, workspaceId, wabaId) === undefined)
          throw refused({
            status: 403,
            code: 'WHATSAPP_WABA_UNAVAILABLE',
            message: `You have no WhatsApp Business account ${wabaId}.`,
            target: 'wabaId',
          });
        if (standing(workspaceId).some(named(wabaId, name, language))) {
          const message = `There is a template ${name} in ${language} already.`;
          throw refused({ status: 409, code: 'ALREADY_EXISTS', message, target: 'name' });
        }
        const outcome = await desk.create({ workspaceId, wabaId }, wanted);
        if ('failure' in outcome) throw refusedByMeta(outcome.failure);
        return show(outcome.template);
      },
    ],
  });

  mount(app, '/whatsapp/templates/:wabaId/:name/:language', {
    GET: [
      'read',
      async ({ workspaceId, params }) => {
        const found = standing(workspaceId).find(named(params.wabaId, params.name, params.language));
        if (found === undefined) throw notFound('Template');
        return show(found);
      },
    ],
    PATCH: [
      'admin',
      async ({ workspaceId, params, body }) => {
        const found = standing(workspaceId).find(named(params.wabaId, params.name, params.language));
        if (found === undefined) throw notFound('Template');
        const components = componentsIn(body);
        if (!EDITABLE.includes(found.status))
          throw refused({
            status: 403,
            code: 'WHATSAPP_TEMPLATE_UNEDITABLE',
            message: `The template is ${found.status}: only ${EDITABLE.join(', ')} can be edited.`,
          });
        const outcome = await desk.edit(found, { components, ttlSeconds: ttlIn(body) });
        if ('failure' in outcome) throw refusedByMeta(outcome.failure);
        return show(outcome.template);
      },
    ],
    DELETE: [
      'admin',
      async ({ workspaceId, params }) => {
        const found = standing(workspaceId).find(named(params.wabaId, params.name, params.language));
        if (found === undefined) throw notFound('Template');
        return show(await remove(found));
      },
    ],
  });

  mount(app, '/whatsapp/templates/:wabaId/:name', {
    DELETE: [
      'admin',
      async ({ workspaceId, params }) => {
        const found = standing(workspaceId).filter(named(params.wabaId, params.name));
        if (found.length === 0) throw notFound('Template');
        const removed: object[] = [];
        // One after the other: when Meta says no, the rest stands.
        for (const one of found) removed.push(show(await remove(one)));
        return removed;
      },
    ],
  });

  async function remove(template: Template): Promise<Template> {
    const outcome = await desk.remove(template);
    if (outcome !== undefined) throw refusedByMeta(outcome.failure);
    return { ...template, status: 'DELETED' };
  }
}

function named(wabaId?: string, name?: string, language?: string): (template: Template) => boolean {
  return one =>
    one.wabaId === wabaId && one.name === name && (language === undefined || one.language === language);
}

function readNew(body: unknown) {
  const name = required(body, 'name');
  if (!NAME.test(name))
    throw invalid('name', "Parameter 'name' has 1 to 512 lower-case letters, digits and underscores.");
  const category = required(body, 'category').toUpperCase();
  if (!CATEGORIES.includes(category))
    throw invalid('category', `Parameter 'category' should be one of ${CATEGORIES.join(', ')}.`);
  return {
    wabaId: required(body, 'wabaId'),
    name,
    language: required(body, 'language'),
    category,
    components: componentsIn(body),
    ttlSeconds: ttlIn(body),
  };
}

function required(body: unknown, name: string): string {
  const value = field(body, name) ?? undefined;
  if (value === undefined) throw invalid(name, `Parameter '${name}' is required.`, 'PARAM_MISSING');
  if (typeof value !== 'string' || value === '') throw invalid(name, `Parameter '${name}' should be text.`);
  return value;
}

function componentsIn(body: unknown): readonly unknown[] {
  const components = field(body, 'components') ?? undefined;
  if (components === undefined)
    throw invalid('components', "Parameter 'components' is required.", 'PARAM_MISSING');
  if (!Array.isArray(components) || components.length === 0 || !components.every(isObject))
    throw invalid('components', "Parameter 'components' should be a list of components.");
  return components;
}

function ttlIn(body: unknown): number | undefined {
  const ttl = field(body, 'messageSendTtlSeconds') ?? undefined;
  if (ttl === undefined) return undefined;
  // Meta has other bounds for each category; -1 is 30 days everywhere (ycloud §9).
  if (!Number.isInteger(ttl) || ((ttl as number) < 30 && ttl !== -1))
    throw invalid('messageSendTtlSeconds', "Parameter 'messageSendTtlSeconds' should be -1 or at least 30.");
  return ttl as number;
}

function show(template: Template): object {
  return {
    officialTemplateId: template.metaId,
    wabaId: template.wabaId,
    name: template.name,
    language: template.language,
    category: template.category,
    ...(template.ttlSeconds === undefined ? {} : { messageSendTtlSeconds: template.ttlSeconds }),
    components: template.components,
    status: template.status,
    ...(template.quality === undefined ? {} : { qualityRating: template.quality }),
    ...(template.rejectedReason === undefined ? {} : { reason: template.rejectedReason }),
    createTime: time(template.createdAt),
    updateTime: time(template.updatedAt),
  };
}
