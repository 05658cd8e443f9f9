import {
  BUTTON_INDEX_MAX,
  BUTTON_PAYLOAD_MAX,
  CALL_TTL_MAX,
  CARD_INDEX_MAX,
  CARDS_MAX,
  COUPON_CODE_MAX,
  TEMPLATE_HEADER_TEXT_MAX,
  TEMPLATE_NAME_MAX,
  TEMPLATE_TEXT_MAX,
} from '../../limits.ts';
import type { Findings } from './findings.ts';
import { captioned, document, place } from './media.ts';
import { orderDetails, orderStatus } from './order.ts';
import { productSections } from './products.ts';
import {
  entries,
  field,
  integer,
  isObject,
  list,
  matching,
  maybe,
  noRepeats,
  type ObjectRule,
  object,
  type Rule,
  record,
  text,
} from './rules.ts';

const action = object({
  thumbnail_product_retailer_id: maybe(text()),
  sections: maybe(productSections),
  flow_token: maybe(text()),
  flow_action_data: maybe(record),
  order_details: maybe(orderDetails),
});

/** What the field named like a parameter's `type` must hold (§3.2). A type that is not here goes through as it is. */
const PARAMETERS: Readonly<Record<string, Rule>> = {
  text: object({ text: text({ max: TEMPLATE_TEXT_MAX }) }),
  currency: object({
    currency: object({ fallback_value: text(), code: text(), amount_1000: integer() }),
  }),
  date_time: object({ date_time: object({ fallback_value: text() }) }),
  image: object({ image: captioned }),
  video: object({ video: captioned }),
  document: object({ document }),
  location: object({ location: place }),
  product: object({ product: object({ product_retailer_id: text(), catalog_id: text() }) }),
  payload: object({ payload: text({ min: 0, max: BUTTON_PAYLOAD_MAX }) }),
  coupon_code: object({ coupon_code: text({ max: COUPON_CODE_MAX }) }),
  ttl_minutes: object({ ttl_minutes: integer({ min: 1, max: CALL_TTL_MAX }) }),
  action: object({ action }),
  limited_time_offer: object({
    limited_time_offer: object({ expiration_time_ms: integer({ min: 0 }) }),
  }),
  order_status: object({ order_status: orderStatus }),
};

const parameter: Rule = (value, found) => {
  if (!isObject(value)) return found.add('type', 'must be an object');
  const { type, parameter_name } = value;
  if (parameter_name !== undefined && typeof parameter_name !== 'string')
    found.add('type', 'must be text', 'parameter_name');
  if (type === undefined) return found.add('missing', 'is required', 'type');
  if (typeof type !== 'string') return found.add('type', 'must be text', 'type');
  const kind = type.toLowerCase();
  if (Object.hasOwn(PARAMETERS, kind)) PARAMETERS[kind]!(value, found);
};

/** Text and integer, as Meta's samples write it; 0 to 9. */
const buttonIndex: Rule = (value, found) => {
  if (typeof value === 'number') return integer({ min: 0, max: BUTTON_INDEX_MAX })(value, found);
  matching(/^\d$/, `from 0 to ${BUTTON_INDEX_MAX}`)(value, found);
};

const parameters = maybe(list(parameter));

/** @param inCard a card of a carousel holds no carousel */
const component =
  (inCard: boolean): Rule =>
  (value, found) => {
    if (!isObject(value)) return found.add('type', 'must be an object');
    const { type } = value;
    if (type === undefined) return found.add('missing', 'is required', 'type');
    if (typeof type !== 'string') return found.add('type', 'must be text', 'type');
    switch (type.toLowerCase()) {
      case 'button':
        object({ sub_type: text(), index: buttonIndex, parameters })(value, found);
        return;
      case 'carousel':
        if (inCard) return found.add('unsupported', 'is not taken inside a card', 'type');
        object({ cards: list(card, { min: 1, max: CARDS_MAX }) }, differentCards)(value, found);
        return;
      case 'header':
        object({ parameters })(value, found);
        headerText(value, found);
        return;
      default:
        object({ parameters })(value, found);
    }
  };

/** The text of a header is shorter than a body's. */
function headerText(value: Readonly<Record<string, unknown>>, found: Findings): void {
  found.enter('parameters');
  for (const [at, one] of entries(value.parameters, 1).entries()) {
    const inner = field(one, 'text');
    if (typeof inner !== 'string') continue;
    found.enter(at);
    found.enter('text');
    text({ max: TEMPLATE_HEADER_TEXT_MAX })(inner, found);
    found.leave();
    found.leave();
  }
  found.leave();
}

const card: Rule = object({
  card_index: integer({ min: 0, max: CARD_INDEX_MAX }),
  components: list((value, found) => component(true)(value, found)),
});

const differentCards: ObjectRule = ({ cards }, found) =>
  noRepeats(
    entries(cards, CARDS_MAX).map((one, at) => ({
      at: ['cards', at, 'card_index'],
      name: field(one, 'card_index'),
    })),
    found,
  );

export const template: Rule = object({
  name: text({ max: TEMPLATE_NAME_MAX }),
  language: object({ code: text(), policy: maybe(text()) }),
  components: maybe(list(component(false))),
});
