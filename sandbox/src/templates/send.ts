import type { Refusal } from '../graph/errors.ts';
import { misfit, type SendComponent } from './fit.ts';
import type { Templates } from './registry.ts';
import type { Template } from './template.ts';

/** The object `template` of a send, whose JSON types have been checked. */
export interface TemplateContent {
  name: string;
  language: { code: string };
  components?: SendComponent[];
}

/**
 * The template that a send names, or why Meta does not take it: not there, not sendable, or not what its
 * wording asks for.
 */
export function templateFor(
  templates: Templates,
  wabaId: string,
  content: TemplateContent,
  toUserId: boolean,
): Template | Refusal {
  const { name, language, components } = content;
  const template = templates.find(wabaId, name, language.code);
  switch (template?.status) {
    case 'APPROVED':
      return misfit(template, components, toUserId) ?? template;
    case 'PAUSED':
      return { code: 132015, details: `Template (${name}) is paused due to low quality` };
    case 'DISABLED':
      return { code: 132016, details: `Template (${name}) is disabled` };
    default:
      return { code: 132001, details: `template name (${name}) does not exist in ${language.code}` };
  }
}
