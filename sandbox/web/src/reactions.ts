import type { PhoneMessage } from './api.ts';
import { fieldsOf, listOf, textOf } from './fields.ts';

/** The emoji on a message: the business's and the person's. */
export interface Reactions {
  business?: string;
  person?: string;
}

export interface Gathered {
  /** Those that stand as bubbles of their own. */
  shown: PhoneMessage[];
  reactions: Map<string, Reactions>;
}

/**
 * Puts reactions on the messages that they belong to. One whose message is not there, or that failed, keeps a bubble of
 * its own; so does an edit or a deletion, which the message that it changed shows otherwise. What the sandbox says of a message's reactions wins over what its own reading of them would give.
 */
export function gatherReactions(messages: PhoneMessage[]): Gathered {
  const known = new Map(messages.map(message => [message.wamid, message]));
  const reactions = new Map<string, Reactions>();
  const shown: PhoneMessage[] = [];
  for (const message of messages) {
    const { emoji } = fieldsOf(message.reaction);
    const target = changedBy(message);
    if (target === undefined || !known.has(target) || message.status === 'failed') shown.push(message);
    else if (message.type === 'reaction') {
      const by = message.direction === 'to_phone' ? 'business' : 'person';
      reactions.set(target, { ...reactions.get(target), [by]: textOf(emoji) });
    }
  }
  for (const { wamid, reactions: said } of messages) {
    if (!Array.isArray(said)) continue;
    const of = (by: string) => textOf(listOf(said).findLast(({ from }) => from === by)?.emoji);
    reactions.set(wamid, { business: of('business'), person: of('person') });
  }
  return { shown, reactions };
}

/** The wamid of the earlier message that one only changes: reacts to, edits or deletes. */
function changedBy(message: PhoneMessage): string | undefined {
  const { message_id, original_message_id } = fieldsOf(message[message.type]);
  switch (message.type) {
    case 'reaction':
      return textOf(message_id);
    case 'edit':
    case 'revoke':
      return textOf(original_message_id);
    default:
      return undefined;
  }
}
