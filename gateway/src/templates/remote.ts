import type { Failure } from '../message/failure.ts';
import { field, word } from './requirements.ts';
import type { RemoteTemplate } from './template.ts';

/** Whoever a request to Meta is made as: a number of the account. */
export interface Speaker {
  readonly phoneNumberId: string;
  readonly accessToken: string;
  readonly graphUrl: string | undefined;
}

export type GraphAnswer =
  | { readonly kind: 'answered'; readonly body: unknown }
  | { readonly kind: 'failed'; readonly failure: Failure };

/** A request to the Graph API: the path stands behind the version, with its query. */
export type Graph = (
  speaker: Speaker,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: Readonly<Record<string, unknown>>,
) => Promise<GraphAnswer>;

const FIELDS =
  'id,name,language,category,status,quality_score,parameter_format,components,rejected_reason,message_send_ttl_seconds';

/** Templates of one answer: with all their components they stay well under a megabyte. */
const PAGE = 50;

/** An account has at most 6,000 templates (meta-cloud-api §7); more pages than that are a loop. */
const PAGES_MAX = 200;

/** Reads all templates of a business account, page by page. */
export async function readAll(
  graph: Graph,
  speaker: Speaker,
  wabaId: string,
): Promise<{ readonly templates: readonly RemoteTemplate[] } | { readonly failure: Failure }> {
  const templates: RemoteTemplate[] = [];
  let after: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const query = new URLSearchParams({ fields: FIELDS, limit: String(PAGE), ...(after && { after }) });
    const answer = await graph(speaker, 'GET', `/${encodeURIComponent(wabaId)}/message_templates?${query}`);
    if (answer.kind === 'failed') return { failure: answer.failure };
    const data = field(answer.body, 'data');
    if (!Array.isArray(data)) return { failure: UNREADABLE };
    for (const one of data) {
      const template = readTemplate(one);
      if (template !== undefined) templates.push(template);
    }
    const paging = field(answer.body, 'paging');
    const next = field(field(paging, 'cursors'), 'after');
    if (typeof next !== 'string' || field(paging, 'next') === undefined) break;
    after = next;
  }
  return { templates };
}

export async function readOne(
  graph: Graph,
  speaker: Speaker,
  metaId: string,
): Promise<RemoteTemplate | undefined> {
  const answer = await graph(speaker, 'GET', `/${encodeURIComponent(metaId)}?fields=${FIELDS}`);
  return answer.kind === 'answered' ? readTemplate(answer.body) : undefined;
}

const UNREADABLE: Failure = {
  code: 'unreadable_answer',
  title: 'The Graph API gave no list of templates',
  outcome: 'retry',
  remedy: 'Nothing to do: it is asked again.',
  source: 'network',
};

/** Undefined for what has not even an id, a name and a language. */
function readTemplate(value: unknown): RemoteTemplate | undefined {
  const metaId = idOf(field(value, 'id'));
  const name = field(value, 'name');
  const language = field(value, 'language');
  if (metaId === undefined || typeof name !== 'string' || typeof language !== 'string') return undefined;
  const components = field(value, 'components');
  const ttl = field(value, 'message_send_ttl_seconds');
  const reason = word(value, 'rejected_reason');
  return {
    metaId,
    name,
    language,
    category: word(value, 'category') ?? 'UNKNOWN',
    status: word(value, 'status') ?? 'UNKNOWN',
    quality: word(field(value, 'quality_score'), 'score'),
    named: word(value, 'parameter_format') === 'NAMED',
    components: Array.isArray(components) ? components : [],
    ttlSeconds: typeof ttl === 'number' ? ttl : undefined,
    rejectedReason: reason === 'NONE' ? undefined : reason,
  };
}

/** Meta writes ids as text in answers and as numbers in webhooks. */
export function idOf(value: unknown): string | undefined {
  if (typeof value === 'string' && value !== '') return value;
  return typeof value === 'number' ? String(value) : undefined;
}
