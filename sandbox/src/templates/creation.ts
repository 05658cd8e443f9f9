import { readAuthentication } from './authentication.ts';
import { type ComponentContext, readComponents } from './components.ts';
import { tooLong, wrongName, wrongParam } from './refusals.ts';
import { CATEGORIES, type Category, type Component } from './template.ts';

/** What somebody asks Meta to review. */
export interface Definition {
  name: string;
  language: string;
  category: Category;
  named: boolean;
  components: readonly Component[];
  ttlSeconds: number | undefined;
}

/** WhatsApp: name of a template, characters (meta-cloud-api §7) */
const NAME_MAX = 512;
/** WhatsApp: how long an undelivered message of each category may be tried, s (meta-cloud-api §3.4) */
const TTL_SECONDS: Record<Category, [least: number, most: number]> = {
  AUTHENTICATION: [30, 900],
  UTILITY: [30, 43_200],
  MARKETING: [43_200, 2_592_000],
};
/** Thirty days, in Meta's spelling. */
const TTL_LONGEST = -1;

/** Reads the body of a creation, or throws what Meta refuses; `isHandle` tells whether an upload of a sample has given that handle. */
export function readCreation(
  body: Record<string, unknown>,
  isHandle: (handle: string) => boolean,
): Definition {
  const { name, language, category, components } = body;
  for (const [field, value] of Object.entries({ name, language, category, components })) {
    if (value === undefined || value === '') throw wrongParam(`The parameter ${field} is required.`);
  }
  if (typeof name !== 'string') throw wrongParam('Param name must be a string.');
  if (!/^[a-z0-9_]+$/.test(name)) {
    throw wrongName('The message template name can only have lowercase letters, digits and underscores.');
  }
  if (name.length > NAME_MAX) throw tooLong('template name', NAME_MAX);
  if (typeof language !== 'string' || !/^[a-z]{2,3}(_[A-Z]{2})?$/.test(language)) {
    throw wrongParam(`Param language must be one of Meta's languages, such as en_US. Got "${language}".`);
  }
  const read = readCategory(category);
  const named = readFormat(body.parameter_format);
  return {
    name,
    language,
    category: read,
    named,
    ttlSeconds: readTtl(body.message_send_ttl_seconds, read),
    components: readWording(components, { category: read, named, isHandle }),
  };
}

/** Reads components as a creation or an edit gives them. */
export function readWording(components: unknown, context: ComponentContext): readonly Component[] {
  if (!Array.isArray(components)) throw wrongParam('Param components must be an array.');
  return context.category === 'AUTHENTICATION'
    ? readAuthentication(components)
    : readComponents(components, context);
}

export function readCategory(category: unknown): Category {
  const upper = typeof category === 'string' ? category.toUpperCase() : category;
  const known = CATEGORIES.find(name => name === upper);
  if (known === undefined) throw wrongParam(`Param category must be one of {${CATEGORIES.join(', ')}}.`);
  return known;
}

function readFormat(format: unknown): boolean {
  if (format === undefined) return false;
  const lower = typeof format === 'string' ? format.toLowerCase() : format;
  if (lower !== 'named' && lower !== 'positional') {
    throw wrongParam('Param parameter_format must be one of {NAMED, POSITIONAL}.');
  }
  return lower === 'named';
}

export function readTtl(ttl: unknown, category: Category): number | undefined {
  if (ttl === undefined) return undefined;
  const [least, most] = TTL_SECONDS[category];
  const longest = ttl === TTL_LONGEST && category !== 'MARKETING';
  if (longest || (typeof ttl === 'number' && Number.isInteger(ttl) && ttl >= least && ttl <= most)) {
    return ttl as number;
  }
  throw wrongParam(
    `Param message_send_ttl_seconds must be from ${least} to ${most} seconds in the category ${category}.`,
  );
}
