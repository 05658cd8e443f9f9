import { addressOf, type Fields, fieldsOf, listOf, numberOf, textOf } from '../fields.ts';
import { mediaIn } from '../media.ts';
import type {
  AddressAsk,
  FlowAsk,
  Header,
  ListSection,
  Money,
  Order,
  Place,
  ProductSection,
} from './rich.ts';

export function readPlace(value: unknown): Place {
  const place = fieldsOf(value);
  return {
    latitude: numberOf(place.latitude),
    longitude: numberOf(place.longitude),
    name: textOf(place.name),
    address: textOf(place.address),
    url: addressOf(place.url),
  };
}

/** The header of an interactive message or of a card in one. */
export function readHeader(value: unknown): Header | undefined {
  const header = fieldsOf(value);
  const { type } = header;
  switch (type) {
    case 'image':
    case 'video':
    case 'document':
      return { kind: type, media: mediaIn(header[type]) };
    case 'text': {
      const text = textOf(header.text);
      return text === undefined ? undefined : { kind: 'text', text };
    }
    default:
      return undefined;
  }
}

export function readListSections(value: unknown): ListSection[] {
  return listOf(value).map(section => ({
    title: textOf(section.title),
    rows: listOf(section.rows).map(row => ({
      id: textOf(row.id) ?? '',
      title: textOf(row.title) ?? textOf(row.id) ?? 'Row',
      description: textOf(row.description),
    })),
  }));
}

export function readProductSections(value: unknown): ProductSection[] {
  return listOf(value).map(section => ({
    title: textOf(section.title),
    productIds: listOf(section.product_items).flatMap(item => textOf(item.product_retailer_id) ?? []),
  }));
}

export function readFlow(parameters: Fields): FlowAsk {
  const payload = fieldsOf(parameters.flow_action_payload);
  return {
    name: textOf(parameters.flow_name) ?? textOf(parameters.flow_id),
    screen: textOf(payload.screen),
    // Meta: the token that comes back when the business gave none.
    token: textOf(parameters.flow_token) ?? 'unused',
    data: payload.data,
  };
}

function texts(value: unknown): Record<string, string> {
  return Object.fromEntries(
    Object.entries(fieldsOf(value)).flatMap(([key, each]) => {
      const text = textOf(each);
      return text === undefined ? [] : [[key, text] as const];
    }),
  );
}

export function readAddressAsk(parameters: Fields): AddressAsk {
  return {
    country: textOf(parameters.country) ?? '',
    values: texts(parameters.values),
    saved: listOf(parameters.saved_addresses).map(({ id, value }) => ({
      id: textOf(id) ?? '',
      values: texts(value),
    })),
    errors: texts(parameters.validation_errors),
  };
}

function readMoney(value: unknown): Money | undefined {
  const money = fieldsOf(value);
  const amount = numberOf(money.value);
  return amount === undefined ? undefined : { value: amount, offset: numberOf(money.offset) ?? 100 };
}

const ORDER_PARTS = [
  ['Subtotal', 'subtotal'],
  ['Tax', 'tax'],
  ['Shipping', 'shipping'],
  ['Discount', 'discount'],
] as const;

export function readOrder(parameters: Fields): Order {
  const order = fieldsOf(parameters.order);
  return {
    referenceId: textOf(parameters.reference_id),
    currency: textOf(parameters.currency) ?? '',
    items: listOf(order.items).map(item => ({
      name: textOf(item.name) ?? textOf(item.retailer_id) ?? 'Item',
      quantity: numberOf(item.quantity) ?? 1,
      amount: readMoney(item.sale_amount) ?? readMoney(item.amount),
    })),
    parts: ORDER_PARTS.flatMap(([label, key]) => {
      const amount = readMoney(order[key]);
      return amount === undefined ? [] : [{ label, amount }];
    }),
    total: readMoney(parameters.total_amount),
  };
}
