import type { Names } from '../recipients/aliases.ts';
import { type Json, object, text } from './items.ts';

/** The names that an inbound message gives its sender (meta-cloud-api §5.3, §5.4). */
export function namesInMessage(value: Json, contacts: ReadonlyMap<string, Json>): Names {
  const from = text(value.from);
  const userId = text(value.from_user_id);
  const contact = contacts.get(from ?? userId ?? '');
  const system = text(value.type) === 'system' ? object(value.system) : undefined;
  const moved = text(system?.wa_id);
  const userIds = [
    userId,
    text(value.from_parent_user_id),
    text(contact?.user_id),
    text(contact?.parent_user_id),
    text(system?.user_id),
    text(system?.parent_user_id),
  ];
  // A person who changes number keeps windows and consent; the new number is the name from now on.
  if (moved !== undefined)
    return { phone: moved, userIds: [...userIds, text(system?.previous_user_id)], formerPhone: from };
  return { phone: from ?? text(contact?.wa_id), userIds: [...userIds, text(system?.previous_user_id)] };
}

/** The names that a status gives the recipient. */
export function namesInStatus(value: Json): Names {
  return {
    phone: text(value.recipient_id),
    userIds: [text(value.recipient_user_id), text(value.recipient_parent_user_id)],
  };
}
