import { checkItems, checkString, type Fields, invalid, missing, whenFields } from './checks.ts';
import type { Refusal } from './graph/errors.ts';

/** WhatsApp: limits of product and order messages (meta-cloud-api §3.1) */
const SECTIONS_MAX = 10;
const PRODUCTS_MAX = 30;
const SECTION_TITLE_MAX = 24;
/** An id of a product or a catalog is kept whole; Meta gives no figure, its ids are far shorter. */
const ID_MAX = 512;
const REFERENCE_MAX = 35;
const ORDER_ITEMS_MAX = 999;
const ITEM_NAME_MAX = 60;
const DESCRIPTION_MAX = 120;
const ORDER_STATUSES = [
  'pending',
  'processing',
  'partially_shipped',
  'partially-shipped',
  'shipped',
  'completed',
  'canceled',
];

/** Checks the `action` of what has to do with a catalog, or with an order. */
export function checkCommerce(type: string, action: Fields): Refusal | undefined {
  const name = "interactive['action']";
  switch (type) {
    case 'product':
      return (
        checkString(`${name}['catalog_id']`, action.catalog_id, ID_MAX) ??
        checkString(`${name}['product_retailer_id']`, action.product_retailer_id, ID_MAX)
      );
    case 'product_list':
      return checkProducts(name, action);
    case 'order_details':
      return whenFields(`${name}['parameters']`, action.parameters, fields =>
        checkOrder(`${name}['parameters']`, fields),
      );
    default:
      return whenFields(`${name}['parameters']`, action.parameters, fields =>
        checkOrderStatus(`${name}['parameters']`, fields),
      );
  }
}

function checkProducts(name: string, action: Fields): Refusal | undefined {
  let products = 0;
  const several = Array.isArray(action.sections) && action.sections.length > 1;
  return (
    checkString(`${name}['catalog_id']`, action.catalog_id, ID_MAX) ??
    checkItems(`${name}['sections']`, action.sections, SECTIONS_MAX, (section, at) => {
      if (several || section.title !== undefined) {
        const wrong = checkString(`${at}['title']`, section.title, SECTION_TITLE_MAX);
        if (wrong !== undefined) return wrong;
      }
      return checkItems(`${at}['product_items']`, section.product_items, PRODUCTS_MAX, (item, place) => {
        products++;
        if (products > PRODUCTS_MAX) return invalid(`${name} has more than ${PRODUCTS_MAX} products in all.`);
        return checkString(`${place}['product_retailer_id']`, item.product_retailer_id, ID_MAX);
      });
    })
  );
}

function checkReference(name: string, reference: unknown): Refusal | undefined {
  const wrong = checkString(`${name}['reference_id']`, reference, REFERENCE_MAX);
  if (wrong !== undefined) return wrong;
  return /^[A-Za-z0-9_.-]+$/.test(reference as string)
    ? undefined
    : invalid(`${name}['reference_id'] may hold letters, digits, "_", "-" and "." only.`);
}

/** An order as it is to be paid: the sum must be right. */
function checkOrder(name: string, fields: Fields): Refusal | undefined {
  const wrong = checkReference(name, fields.reference_id);
  if (wrong !== undefined) return wrong;
  const { type, currency, total_amount, order } = fields;
  if (type === undefined) return missing(`${name}['type']`);
  if (type !== 'digital-goods' && type !== 'physical-goods') {
    return invalid(`${name}['type'] must be digital-goods or physical-goods.`);
  }
  if (currency === undefined) return missing(`${name}['currency']`);
  const hasPayment = ['payment_settings', 'payment_type', 'payment_configuration'].some(
    one => fields[one] !== undefined,
  );
  if (!hasPayment) return missing(`${name}['payment_settings']`);
  return (
    whenFields(`${name}['total_amount']`, total_amount, total =>
      total.value === undefined ? missing(`${name}['total_amount']['value']`) : undefined,
    ) ??
    whenFields(`${name}['order']`, order, inner => {
      const sum = amountOf(inner.subtotal) + amountOf(inner.tax) + amountOf(inner.shipping);
      const total = amountOf(total_amount);
      return (
        checkItems(`${name}['order']['items']`, inner.items, ORDER_ITEMS_MAX, (item, at) =>
          item.quantity === undefined
            ? missing(`${at}['quantity']`)
            : checkString(`${at}['name']`, item.name, ITEM_NAME_MAX),
        ) ??
        whenFields(`${name}['order']['subtotal']`, inner.subtotal, () => undefined) ??
        whenFields(`${name}['order']['tax']`, inner.tax, () => undefined) ??
        (total === sum - amountOf(inner.discount)
          ? undefined
          : invalid(`${name}['total_amount'] is not subtotal + tax + shipping - discount.`))
      );
    })
  );
}

function checkOrderStatus(name: string, fields: Fields): Refusal | undefined {
  const at = `${name}['order']`;
  return (
    checkReference(name, fields.reference_id) ??
    whenFields(at, fields.order, ({ status, description }) => {
      if (status === undefined) return missing(`${at}['status']`);
      if (!ORDER_STATUSES.some(known => known === status)) {
        return invalid(`${at}['status'] must be one of ${ORDER_STATUSES.join(', ')}.`);
      }
      return description === undefined
        ? undefined
        : checkString(`${at}['description']`, description, DESCRIPTION_MAX);
    })
  );
}

function amountOf(amount: unknown): number {
  const { value } = (typeof amount === 'object' && amount !== null ? amount : {}) as { value?: unknown };
  return typeof value === 'number' ? value : 0;
}
