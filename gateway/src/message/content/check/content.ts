import { TEXT_BODY_MAX } from '../../limits.ts';
import type { ContentFault } from '../faults.ts';
import { CONTENT_KINDS, type ContentKind } from '../kinds.ts';
import { contacts } from './contacts.ts';
import { checkFrame } from './direct-send.ts';
import { Findings } from './findings.ts';
import { interactive } from './interactive.ts';
import { audio, captioned, document, place, sticker } from './media.ts';
import { flag, isObject, maybe, object, type Rule, text } from './rules.ts';
import { template } from './template.ts';

const RULES: Readonly<Record<ContentKind, Rule>> = {
  text: object({ body: text({ max: TEXT_BODY_MAX }), preview_url: maybe(flag) }),
  template,
  image: captioned,
  video: captioned,
  audio,
  document,
  sticker,
  location: place,
  contacts,
  reaction: object({ message_id: text(), emoji: text({ min: 0 }) }),
  interactive,
};

/**
 * Reads a content by Meta's widest limits: where its sources disagree, the more generous one counts. Unknown fields
 * pass. What no text may hold (a NUL, half a surrogate pair) is `findUnsendable`'s, which runs over a whole request.
 *
 * @param content any parsed JSON
 * @returns everything that is wrong, at most `CONTENT_FAULTS_MAX`; empty when it is a `Content`
 */
export function checkContent(content: unknown): readonly ContentFault[] {
  const found = new Findings();
  if (!isObject(content)) {
    found.add('type', 'must be an object');
    return found.faults;
  }
  const kind = CONTENT_KINDS.find(known => known === content.type);
  if (content.type === undefined) found.add('missing', 'is required', 'type');
  else if (kind === undefined) found.add('enum', `must be one of ${CONTENT_KINDS.join(', ')}`, 'type');
  else object({ [kind]: RULES[kind] })(content, found);
  if (kind !== undefined) checkFrame(content, found);
  return found.faults;
}
