import { type Fields, fieldsOf, isFields, listOf, numberOf, textOf } from '../fields.ts';
import type { Order } from '../rich/rich.ts';

/** What a person answered with a tap or a form. */
export interface Answer {
  title: string;
  description?: string;
  /** Of a form: what was filled in. */
  fields: { name: string; value: string }[];
}

/** A person's interactive reply; undefined for one that the page does not know. */
export function readAnswer(content: unknown): Answer | undefined {
  const interactive = fieldsOf(content);
  const reply = fieldsOf(interactive[String(interactive.type)]);
  switch (interactive.type) {
    case 'button_reply':
    case 'list_reply':
      return {
        title: textOf(reply.title) ?? textOf(reply.id) ?? 'A choice',
        description: textOf(reply.description),
        fields: [],
      };
    case 'nfm_reply':
      return {
        title: reply.name === 'address_message' ? 'Address' : 'Form completed',
        fields: readForm(reply.response_json),
      };
    case 'call_permission_reply':
      return { title: permission(reply), fields: [] };
    default:
      return undefined;
  }
}

function permission({ response, is_permanent }: Fields): string {
  if (response !== 'accept') return 'Calls not allowed';
  return is_permanent === true ? 'Calls always allowed' : 'Calls allowed for 7 days';
}

/** The fields of a form's answer but for the flow's own token; objects in it are one level of fields more. */
function readForm(json: unknown): Answer['fields'] {
  let parsed: unknown = json;
  if (typeof json === 'string') {
    try {
      parsed = JSON.parse(json);
    } catch {
      return [{ name: 'response_json', value: json }];
    }
  }
  return Object.entries(fieldsOf(parsed)).flatMap(([name, value]) => {
    if (name === 'flow_token') return [];
    const inside = isFields(value) ? Object.entries(value) : [[name, value] as const];
    return inside.map(([field, each]) => ({
      name: field,
      value: typeof each === 'string' ? each : JSON.stringify(each),
    }));
  });
}

/** A cart that a person sent, as a receipt. */
export function readCart(content: unknown): { order: Order; note?: string } {
  const cart = fieldsOf(content);
  const items = listOf(cart.product_items).map(item => ({
    name: textOf(item.product_retailer_id) ?? 'Product',
    quantity: numberOf(item.quantity) ?? 1,
    price: numberOf(item.item_price) ?? 0,
    currency: textOf(item.currency) ?? '',
  }));
  const total = items.reduce((sum, { price, quantity }) => sum + price * quantity, 0);
  return {
    order: {
      currency: items[0]?.currency ?? '',
      items: items.map(({ name, quantity, price }) => ({
        name,
        quantity,
        amount: { value: price * quantity, offset: 1 },
      })),
      parts: [],
      total: { value: total, offset: 1 },
    },
    note: textOf(cart.text),
  };
}
