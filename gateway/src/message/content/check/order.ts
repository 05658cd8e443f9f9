import {
  CHARGE_DESCRIPTION_MAX,
  ITEM_NAME_MAX,
  ORDER_DESCRIPTION_MAX,
  PICTURED_ITEMS_MAX,
  REFERENCE_ID_MAX,
} from '../../limits.ts';
import { picture } from './media.ts';
import {
  field,
  integer,
  list,
  matching,
  maybe,
  type ObjectRule,
  object,
  oneOf,
  type Rule,
  record,
  text,
} from './rules.ts';

/** Both spellings of the second are in Meta's pages, and `pending` in the page on templates (§3.1). */
const STATUSES = [
  'pending',
  'processing',
  'partially_shipped',
  'partially-shipped',
  'shipped',
  'completed',
  'canceled',
];

const referenceId = matching(/^[\w.-]+$/, 'letters, digits, _, - and .', { max: REFERENCE_ID_MAX });
const AMOUNT = { value: integer({ min: 0 }), offset: integer({ min: 1 }) };
const amount = object(AMOUNT);
const charge = object({ ...AMOUNT, description: maybe(text({ min: 0, max: CHARGE_DESCRIPTION_MAX })) });
const note = maybe(text({ min: 0, max: ORDER_DESCRIPTION_MAX }));

const item = object({
  retailer_id: maybe(text()),
  name: text({ max: ITEM_NAME_MAX }),
  amount,
  quantity: integer({ min: 1 }),
  sale_amount: maybe(amount),
  image: maybe(picture),
});

const fewPictured: ObjectRule = ({ items }, found) => {
  if (!Array.isArray(items) || items.length <= PICTURED_ITEMS_MAX) return;
  if (items.every(one => field(one, 'image') === undefined)) return;
  found.add(
    'count',
    `has ${items.length} entries; at most ${PICTURED_ITEMS_MAX} are taken when one has an image`,
    'items',
  );
};

/** Unix seconds; Meta's samples write text. */
const timestamp: Rule = (value, found) => {
  if (typeof value === 'number') return integer({ min: 0 })(value, found);
  matching(/^\d+$/, 'a time in Unix seconds')(value, found);
};

const order = object(
  {
    status: oneOf(['pending']),
    items: list(item, { min: 1 }),
    subtotal: amount,
    tax: charge,
    shipping: maybe(charge),
    discount: maybe(charge),
    catalog_id: maybe(text()),
    expiration: maybe(object({ timestamp, description: note })),
  },
  fewPictured,
);

/** §3.1: total = subtotal + tax + shipping − discount. Only amounts of one offset can be added. */
const addsUp: ObjectRule = ({ total_amount, order }, found) => {
  const parts = [
    [total_amount, -1],
    [field(order, 'subtotal'), 1],
    [field(order, 'tax'), 1],
    [field(order, 'shipping') ?? { value: 0, offset: field(total_amount, 'offset') }, 1],
    [field(order, 'discount') ?? { value: 0, offset: field(total_amount, 'offset') }, -1],
  ] as const;
  let rest = 0;
  for (const [part, sign] of parts) {
    const value = field(part, 'value');
    if (typeof value !== 'number' || field(part, 'offset') !== field(total_amount, 'offset')) return;
    rest += sign * value;
  }
  if (rest === 0) return;
  found.add('range', 'must be subtotal plus tax plus shipping less discount', 'total_amount', 'value');
};

export const orderDetails: Rule = object(
  {
    reference_id: referenceId,
    type: oneOf(['digital-goods', 'physical-goods']),
    currency: matching(/^[A-Z]{3}$/, 'a currency like INR'),
    total_amount: amount,
    payment_settings: maybe(list(record)),
    payment_type: maybe(text()),
    payment_configuration: maybe(text()),
    beneficiaries: maybe(list(record)),
    order,
  },
  addsUp,
);

export const orderStatus: Rule = object({
  reference_id: referenceId,
  order: object({ status: oneOf(STATUSES), description: note }),
});
