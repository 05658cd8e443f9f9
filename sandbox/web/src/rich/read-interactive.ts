import { chosenReply } from '../choices.ts';
import { addressOf, type Fields, fieldsOf, listOf, textOf } from '../fields.ts';
import {
  readAddressAsk,
  readFlow,
  readHeader,
  readListSections,
  readOrder,
  readProductSections,
} from './read-parts.ts';
import type { Action, Card, Rich } from './rich.ts';

/**
 * An interactive message as its parts; undefined for a type that the page does not know. `direct` says that it came by
 * Direct Send, whose taps come back as type `button` (meta-cloud-api §3.3).
 */
export function readInteractive(content: unknown, direct = false): Rich | undefined {
  const interactive = fieldsOf(content);
  const action = fieldsOf(interactive.action);
  const parameters = fieldsOf(action.parameters);
  const rich: Rich = {
    header: readHeader(interactive.header),
    body: textOf(fieldsOf(interactive.body).text),
    footer: textOf(fieldsOf(interactive.footer).text),
    actions: [],
    cards: [],
  };
  switch (interactive.type) {
    case 'button':
      return { ...rich, actions: listOf(action.buttons).map(button => readButton(button, direct)) };
    case 'list':
      return {
        ...rich,
        actions: [
          {
            kind: 'list',
            text: textOf(action.button) ?? 'Options',
            sections: readListSections(action.sections),
          },
        ],
      };
    case 'cta_url':
      return { ...rich, actions: [readLink(parameters)] };
    case 'location_request_message':
      return { ...rich, actions: [{ kind: 'location', text: 'Send location' }] };
    case 'product':
    case 'product_list':
    case 'catalog_message':
      return { ...rich, ...readProducts(interactive.type, action) };
    case 'order_details': {
      const order = readOrder(parameters);
      return {
        ...rich,
        block: { kind: 'order', order },
        actions: [{ kind: 'order', text: 'Review and pay', order }],
      };
    }
    case 'order_status': {
      const order = fieldsOf(parameters.order);
      return {
        ...rich,
        block: {
          kind: 'order_status',
          referenceId: textOf(parameters.reference_id),
          status: textOf(order.status) ?? 'unknown',
          description: textOf(order.description),
        },
      };
    }
    case 'flow':
      return {
        ...rich,
        actions: [{ kind: 'flow', text: textOf(parameters.flow_cta) ?? 'Open', flow: readFlow(parameters) }],
      };
    case 'carousel':
      return { ...rich, cards: listOf(action.cards).map(card => readCard(card, direct)) };
    case 'call_permission_request':
      return { ...rich, actions: [{ kind: 'call_permission' }] };
    case 'voice_call':
      // Meta: the button's text when the business gave none.
      return {
        ...rich,
        actions: [{ kind: 'voice_call', text: textOf(parameters.display_text) ?? 'Call Now' }],
      };
    case 'address_message':
      return {
        ...rich,
        actions: [{ kind: 'address', text: 'Provide address', ask: readAddressAsk(parameters) }],
      };
    case 'request_contact_info':
      return { ...rich, actions: [{ kind: 'contact_info', text: 'Share contact info' }] };
    default:
      return undefined;
  }
}

function readLink(parameters: Fields): Action {
  const text = textOf(parameters.display_text) ?? textOf(parameters.url) ?? 'Open';
  return { kind: 'url', text, url: addressOf(parameters.url) };
}

function readButton(button: Fields, direct: boolean): Action {
  if (button.type === 'cta_url') return readLink(fieldsOf(button.cta_url));
  if (button.type !== 'reply' && button.type !== 'quick_reply') {
    return { kind: 'other', text: textOf(button.type) ?? 'Button' };
  }
  const reply = fieldsOf(button[button.type]);
  const id = textOf(reply.id) ?? '';
  const text = textOf(reply.title) ?? id;
  return {
    kind: 'reply',
    text,
    choice: chosenReply(id),
    answer: direct
      ? { type: 'button', button: { payload: id, text } }
      : {
          type: 'interactive',
          interactive: { type: 'button_reply', button_reply: { id, title: text } },
        },
  };
}

function readProducts(type: 'product' | 'product_list' | 'catalog_message', action: Fields): Partial<Rich> {
  const catalogId = textOf(action.catalog_id) ?? '';
  if (type === 'catalog_message') {
    const shown = textOf(fieldsOf(action.parameters).thumbnail_product_retailer_id);
    const productIds = shown === undefined ? [] : [shown];
    return {
      block: { kind: 'products', productIds },
      actions: [{ kind: 'products', text: 'View catalog', catalogId, sections: [{ productIds }] }],
    };
  }
  const one = textOf(action.product_retailer_id);
  const sections =
    type === 'product'
      ? [{ productIds: one === undefined ? [] : [one] }]
      : readProductSections(action.sections);
  return {
    block: { kind: 'products', productIds: sections.flatMap(({ productIds }) => productIds) },
    actions: [{ kind: 'products', text: type === 'product' ? 'View' : 'View items', catalogId, sections }],
  };
}

function readCard(card: Fields, direct: boolean): Card {
  const action = fieldsOf(card.action);
  const productId = textOf(action.product_retailer_id);
  if (productId !== undefined) {
    return {
      header: { kind: 'product', productId },
      actions: [
        {
          kind: 'products',
          text: 'View',
          catalogId: textOf(action.catalog_id) ?? '',
          sections: [{ productIds: [productId] }],
        },
      ],
    };
  }
  return {
    header: readHeader(card.header),
    body: textOf(fieldsOf(card.body).text),
    actions: [
      ...(isLink(action) ? [readLink(fieldsOf(action.parameters))] : []),
      ...listOf(action.buttons).map(button => readButton(button, direct)),
    ],
  };
}

const isLink = (action: Fields) => action.name === 'cta_url' || 'parameters' in action;
