import type { PhoneMessage } from './api.ts';
import type { Outgoing } from './outgoing.ts';

/** Words that tell apart what can be chosen in one message: the button, the row, the kind of answer. */
export const chosenReply = (id: string) => `reply ${id}`;
export const chosenRow = (id: string) => `row ${id}`;

/** What a person's message chose in the message that it answers; undefined when it is no choice. */
export function choiceOf(message: PhoneMessage): string | undefined {
  if (message.direction !== 'from_phone') return undefined;
  const outgoing = message as unknown as Partial<Outgoing>;
  switch (outgoing.type) {
    case 'button':
      return chosenReply(String(outgoing.button?.payload));
    case 'interactive': {
      const reply = outgoing.interactive;
      if (reply?.type === 'button_reply') return chosenReply(String(reply.button_reply?.id));
      if (reply?.type === 'list_reply') return chosenRow(String(reply.list_reply?.id));
      if (reply?.type === 'call_permission_reply') {
        const { response, is_permanent } = reply.call_permission_reply ?? {};
        return response === 'accept' && is_permanent ? 'accept always' : String(response);
      }
      return reply?.type;
    }
    case 'location':
    case 'contacts':
    case 'order':
      return outgoing.type;
    default:
      return undefined;
  }
}

/** By message, a JSON list of what the person has chosen in it, oldest first. */
export function choicesIn(messages: PhoneMessage[]): Map<string, string> {
  const lists = new Map<string, string[]>();
  for (const message of messages) {
    const asked = message.context?.id;
    const choice = asked === undefined ? undefined : choiceOf(message);
    if (asked === undefined || choice === undefined) continue;
    const list = lists.get(asked);
    if (list) list.push(choice);
    else lists.set(asked, [choice]);
  }
  return new Map([...lists].map(([wamid, list]) => [wamid, JSON.stringify(list)]));
}
