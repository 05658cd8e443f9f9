import type { PhoneMessage } from './api.ts';

/** The text that a message shows, or undefined for a type that the page draws as a card. */
export function shownText(message: PhoneMessage): string | undefined {
  if (message.type === 'text') {
    const body = (message.text as { body?: unknown } | undefined)?.body;
    return typeof body === 'string' ? body : message.rendered;
  }
  if (message.type !== 'template') return undefined;
  return message.rendered ?? templateLabel(message);
}

/** A template's name and language, as its label says them. */
export function templateLabel(message: PhoneMessage): string {
  const template = message.template as { name?: unknown; language?: { code?: unknown } } | undefined;
  const parts = [template?.name, template?.language?.code].filter(part => typeof part === 'string');
  return parts.join(' · ') || 'template';
}

/** One line of it, for the list and for quotes. */
export function oneLine(message: PhoneMessage): string {
  const text = shownText(message) ?? message.rendered ?? `[${message.type}]`;
  return text.replace(/\s+/g, ' ').trim().slice(0, 200);
}
