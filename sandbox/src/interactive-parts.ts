import { checkString, type Fields, invalid, missing, whenFields } from './checks.ts';
import type { Refusal } from './graph/errors.ts';

/** WhatsApp: title of a button, characters (meta-cloud-api §3.1) */
export const TITLE_MAX = 20;

export function checkFile(name: string, file: unknown): Refusal | undefined {
  return whenFields(name, file, ({ id, link }) =>
    id === undefined && link === undefined ? missing(`${name}['id'] or ${name}['link']`) : undefined,
  );
}

export function checkLinkFields(name: string, { display_text, url }: Fields): Refusal | undefined {
  const wrong = checkString(`${name}['display_text']`, display_text, TITLE_MAX);
  if (wrong !== undefined) return wrong;
  if (url === undefined || url === '') return missing(`${name}['url']`);
  return typeof url === 'string' && /^https?:\/\/\S+$/i.test(url)
    ? undefined
    : invalid(`${name}['url'] is not an http or https URL.`);
}
