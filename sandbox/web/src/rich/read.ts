import type { PhoneMessage } from '../api.ts';
import { readInteractive } from './read-interactive.ts';
import { readTemplate } from './read-template.ts';
import type { Rich } from './rich.ts';

/** A business's message with parts; undefined for one without, and for what the page does not know. */
export function richOf(message: PhoneMessage): Rich | undefined {
  if (message.direction !== 'to_phone') return undefined;
  if (message.type === 'template') return readTemplate(message.rendered_template, message.template);
  if (message.type !== 'interactive') return undefined;
  const direct = typeof message.category === 'string' && message.category !== 'service';
  return readInteractive(message.interactive, direct);
}
