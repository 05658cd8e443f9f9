import { call } from '../call.ts';
import { fieldsOf, listOf, textOf } from '../fields.ts';

/** A template of the sandbox's registry as a reviewer at Meta would see it. */
export interface RegistryTemplate {
  id: string;
  waba_id: string;
  name: string;
  language: string;
  category: string;
  status: string;
  quality_score?: { score?: string };
  rejected_reason?: string;
  components?: unknown;
}

/** What a reviewer can do by hand; the business is told by webhook. */
export interface Verdict {
  status?: 'APPROVED' | 'REJECTED' | 'PAUSED' | 'DISABLED';
  quality?: 'GREEN' | 'YELLOW' | 'RED';
  reason?: string;
}

export async function getTemplates(): Promise<RegistryTemplate[]> {
  return (await call<{ data: RegistryTemplate[] }>('/templates')).data;
}

export function decide(id: string, verdict: Verdict): Promise<RegistryTemplate> {
  return call(`/templates/${encodeURIComponent(id)}`, { method: 'POST', body: verdict });
}

/** What a template says, in the order in which a phone shows it; variables stand as `{{1}}`. */
export function wordsOf({ components }: RegistryTemplate): string {
  const texts = listOf(components).flatMap(component => {
    const type = textOf(component.type);
    if (type === 'HEADER' && component.format !== 'TEXT')
      return [`[${textOf(component.format) ?? 'header'}]`];
    if (type === 'BUTTONS')
      return listOf(component.buttons).map(button => `[ ${textOf(button.text) ?? ''} ]`);
    if (type === 'CAROUSEL') return [`[${listOf(component.cards).length} cards]`];
    if (type === 'LIMITED_TIME_OFFER') return textOf(fieldsOf(component.limited_time_offer).text) ?? [];
    return textOf(component.text) ?? [];
  });
  return texts.join('\n');
}

/** By account, in the order of its first template. */
export function byAccount(templates: RegistryTemplate[]): [wabaId: string, RegistryTemplate[]][] {
  const accounts = new Map<string, RegistryTemplate[]>();
  for (const template of templates) {
    const own = accounts.get(template.waba_id);
    if (own) own.push(template);
    else accounts.set(template.waba_id, [template]);
  }
  return [...accounts];
}
