import type { PhoneMessage } from './api.ts';
import { fieldsOf, listOf, textOf } from './fields.ts';
import { readAnswer } from './kinds/answers.ts';
import { readPeople } from './kinds/people.ts';
import { richOf } from './rich/read.ts';

/** A template's name and language, as its label says them. */
export function templateLabel(message: PhoneMessage): string {
  const template = message.template as { name?: unknown; language?: { code?: unknown } } | undefined;
  const parts = [template?.name, template?.language?.code].filter(part => typeof part === 'string');
  return parts.join(' · ') || 'template';
}

/** One line of a message, for the list and for quotes. */
export function oneLine(message: PhoneMessage): string {
  return words(message).replace(/\s+/g, ' ').trim().slice(0, 200);
}

function words(message: PhoneMessage): string {
  if (message.deleted === true) return 'This message was deleted';
  const { type } = message;
  const content = fieldsOf(message[type]);
  switch (type) {
    case 'text':
      return textOf(content.body) ?? message.rendered ?? '';
    case 'template':
      return richOf(message)?.body ?? message.rendered ?? templateLabel(message);
    case 'image':
      return named('Image', content.caption);
    case 'video':
      return named('Video', content.caption);
    case 'sticker':
      return 'Sticker';
    case 'audio':
      return content.voice === true ? 'Voice note' : 'Audio';
    case 'document':
      return named('Document', content.caption ?? content.filename);
    case 'location':
      return named('Location', content.name);
    case 'contacts': {
      const people = readPeople(message.contacts);
      return people.length > 1 ? `${people.length} contacts` : named('Contact', people[0]?.name);
    }
    case 'reaction':
      return `Reacted ${textOf(content.emoji) ?? 'no more'}`;
    case 'button':
      return textOf(content.text) ?? '[button]';
    case 'interactive':
      return interactiveLine(message);
    case 'order': {
      const items = listOf(content.product_items).length;
      return `Order of ${items} ${items === 1 ? 'product' : 'products'}`;
    }
    case 'system':
      return textOf(content.body) ?? '[system]';
    case 'edit':
      return 'Changed an earlier message';
    case 'revoke':
      return 'Deleted an earlier message';
    default:
      return message.rendered ?? `[${type}]`;
  }
}

function named(kind: string, detail: unknown): string {
  const text = textOf(detail);
  return text === undefined ? kind : `${kind}: ${text}`;
}

function interactiveLine(message: PhoneMessage): string {
  const kind = textOf(fieldsOf(message.interactive).type) ?? 'interactive';
  if (message.direction === 'from_phone') {
    const answer = readAnswer(message.interactive);
    return answer?.title ?? `[${kind}]`;
  }
  return richOf(message)?.body ?? `[${kind.replaceAll('_', ' ')}]`;
}
