import type { Content } from '../message/content.ts';
import type { Below } from './dialect.ts';
import { isObject } from './field.ts';

/** Keys under which a file stands, in messages, headers, cards and the parameters of templates. */
const FILES: ReadonlySet<string> = new Set(['image', 'video', 'audio', 'document', 'sticker']);

/** What a business says to its own flow: nothing in there is ours to read. */
const OPAQUE: ReadonlySet<string> = new Set(['flow_action_data', 'flow_action_payload']);

/** What stands before our own ids (see media/). */
const OURS = 'wbm:';

/** Meta's ids are digits; any other may be the name of a media that was uploaded here. */
const METAS_ID = /^\d+$/;

/**
 * Puts our id of an uploaded media in the place of its name; the outbox puts Meta's there. A name that nobody knows
 * stays: it may be an id of Meta's in a form that we do not know. Costs a query only when there is such a name.
 */
export async function withMediaIds(
  content: Content,
  workspaceId: string,
  media: Pick<Below['media'], 'byName'>,
): Promise<Content> {
  if (content.type === 'text' || content.type === 'reaction' || content.type === 'location') return content;
  const names = new Set<string>();
  changed(content, name => {
    names.add(name);
    return undefined;
  });
  if (names.size === 0) return content;
  const ids = new Map<string, string>();
  for (const name of names) {
    const found = await media.byName(workspaceId, name);
    if (found !== undefined) ids.set(name, `${OURS}${found.id}`);
  }
  // Only ids have changed, text for text.
  return changed(content, name => ids.get(name)) as Content;
}

/** Back to the names under which files were uploaded here: our ids, as their owner knows them. */
export function withoutMediaIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMediaIds);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      OPAQUE.has(key)
        ? inner
        : key === 'id' && typeof inner === 'string' && inner.startsWith(OURS)
          ? inner.slice(OURS.length)
          : withoutMediaIds(inner),
    ]),
  );
}

/** The value itself where nothing in it changes, which is nearly always: nothing is copied then. */
function changed(value: unknown, idOf: (name: string) => string | undefined): unknown {
  if (Array.isArray(value)) {
    let items: unknown[] = value;
    for (const [index, item] of value.entries()) {
      const now = changed(item, idOf);
      if (now === item) continue;
      if (items === value) items = [...value];
      items[index] = now;
    }
    return items;
  }
  if (!isObject(value)) return value;
  let object: Record<string, unknown> = value;
  for (const key of Object.keys(value)) {
    if (OPAQUE.has(key)) continue;
    const inner = value[key];
    const now = FILES.has(key) && isNamed(inner) ? renamed(inner, idOf) : changed(inner, idOf);
    if (now === inner) continue;
    if (object === value) object = { ...value };
    object[key] = now;
  }
  return object;
}

function isNamed(file: unknown): file is { readonly id: string } {
  return isObject(file) && typeof file.id === 'string' && !METAS_ID.test(file.id);
}

function renamed(file: { readonly id: string }, idOf: (name: string) => string | undefined): unknown {
  const id = idOf(file.id);
  return id === undefined ? file : { ...file, id };
}
