import {
  BODY_TEXT_MAX,
  BUTTON_ID_MAX,
  BUTTON_TITLE_MAX,
  CALL_PAYLOAD_MAX,
  CALL_TEXT_MAX,
  CALL_TTL_MAX,
  CTA_TEXT_MAX,
  DIRECT_SEND_BUTTONS_MAX,
  FLOW_CTA_MAX,
  FOOTER_TEXT_MAX,
  HEADER_TEXT_MAX,
  LIST_BODY_MAX,
  LIST_BUTTON_MAX,
  LIST_ROWS_MAX,
  PIN_CODE_MAX,
  ROW_DESCRIPTION_MAX,
  ROW_ID_MAX,
  ROW_TITLE_MAX,
  SECTION_TITLE_MAX,
  SECTIONS_MAX,
} from '../../limits.ts';
import type { InteractiveKind } from '../interactive.ts';
import { carousel } from './carousel.ts';
import { headerFile } from './media.ts';
import { orderDetails, orderStatus } from './order.ts';
import { PRODUCT_ACTION, productSections } from './products.ts';
import {
  address,
  either,
  entries,
  field,
  integer,
  isObject,
  list,
  matching,
  maybe,
  type Named,
  noRepeats,
  type ObjectRule,
  object,
  oneOf,
  type Rule,
  record,
  recordOf,
  refused,
  text,
} from './rules.ts';

const body = object({ text: text({ max: BODY_TEXT_MAX }) });
const footer = object({ text: text({ max: FOOTER_TEXT_MAX }) });
const textHeader = object({
  type: oneOf(['text']),
  text: text({ max: HEADER_TEXT_MAX }),
  sub_text: maybe(text({ min: 0, max: HEADER_TEXT_MAX })),
});

const HEADERS: Readonly<Record<string, Rule>> = {
  text: textHeader,
  image: object({ image: headerFile }),
  video: object({ video: headerFile }),
  document: object({ document: headerFile }),
};

const header: Rule = (value, found) => {
  if (!isObject(value)) return found.add('type', 'must be an object');
  const { type } = value;
  if (type === undefined) return found.add('missing', 'is required', 'type');
  if (typeof type === 'string' && Object.hasOwn(HEADERS, type)) return HEADERS[type]!(value, found);
  found.add('enum', `must be one of ${Object.keys(HEADERS).join(', ')}`, 'type');
};

const ABSENT = maybe(refused('is not shown with this kind of message'));
const BARE = { header: ABSENT, body, footer: ABSENT };
const FRAMED = { header: maybe(header), body, footer: maybe(footer) };
/** An action that says its name, and nothing else. */
const named = (name: string): Rule => object({ name: oneOf([name]) });

const ctaUrl = object({ display_text: text({ max: CTA_TEXT_MAX }), url: address });

const BUTTONS: Readonly<Record<string, Rule>> = {
  reply: object({
    reply: object({ id: text({ max: BUTTON_ID_MAX }), title: text({ max: BUTTON_TITLE_MAX }) }),
  }),
  cta_url: object({ cta_url: ctaUrl }),
};

const button: Rule = (value, found) => {
  if (!isObject(value)) return found.add('type', 'must be an object');
  const { type } = value;
  if (type === undefined) return found.add('missing', 'is required', 'type');
  if (typeof type === 'string' && Object.hasOwn(BUTTONS, type)) return BUTTONS[type]!(value, found);
  found.add('enum', `must be one of ${Object.keys(BUTTONS).join(', ')}`, 'type');
};

const differentButtons: ObjectRule = ({ buttons }, found) => {
  const all = entries(buttons, DIRECT_SEND_BUTTONS_MAX);
  const of = (name: string): Named[] =>
    all.map((one, at) => ({ at: ['buttons', at, 'reply', name], name: field(field(one, 'reply'), name) }));
  noRepeats(of('id'), found);
  noRepeats(of('title'), found);
};

const listRow = object({
  id: text({ max: ROW_ID_MAX }),
  title: text({ max: ROW_TITLE_MAX }),
  description: maybe(text({ min: 0, max: ROW_DESCRIPTION_MAX })),
});

const listSection = object({
  title: maybe(text({ min: 0, max: SECTION_TITLE_MAX })),
  rows: list(listRow, { min: 1, max: LIST_ROWS_MAX }),
});

/** §3.1: ten rows in all sections together, ids that differ, a title for each section where there are several. */
const rowsInAll: ObjectRule = ({ sections }, found) => {
  const all = entries(sections, SECTIONS_MAX);
  let rows = 0;
  const ids: Named[] = [];
  for (const [at, section] of all.entries()) {
    const own = field(section, 'rows');
    if (Array.isArray(own)) rows += own.length;
    for (const [row, one] of entries(own, LIST_ROWS_MAX).entries())
      ids.push({ at: ['sections', at, 'rows', row, 'id'], name: field(one, 'id') });
    if (all.length > 1 && !field(section, 'title'))
      found.add('missing', 'is required when there are several sections', 'sections', at, 'title');
  }
  if (rows > LIST_ROWS_MAX)
    found.add('count', `has ${rows} rows in all sections; at most ${LIST_ROWS_MAX} are taken`, 'sections');
  noRepeats(ids, found);
};

/** §3.1: a payload belongs to `navigate`, which is what nothing means. */
const payloadNavigates: ObjectRule = ({ flow_action, flow_action_payload }, found) => {
  if (flow_action_payload !== undefined && flow_action === 'data_exchange')
    found.add('exclusive', 'is taken with flow_action navigate only', 'flow_action_payload');
};

const flow = object(
  {
    flow_message_version: text(),
    flow_id: maybe(text()),
    flow_name: maybe(text()),
    flow_cta: text({ max: FLOW_CTA_MAX }),
    mode: maybe(oneOf(['published', 'draft'])),
    flow_token: maybe(text()),
    flow_action: maybe(oneOf(['navigate', 'data_exchange'])),
    flow_action_payload: maybe(object({ screen: maybe(text()), data: maybe(record) })),
  },
  either('flow_id', 'flow_name', 'not both'),
  payloadNavigates,
);

const voiceCall = object({
  display_text: maybe(text({ max: CALL_TEXT_MAX })),
  ttl_minutes: maybe(integer({ min: 1, max: CALL_TTL_MAX })),
  payload: maybe(text({ min: 0, max: CALL_PAYLOAD_MAX })),
});

const addressFields = recordOf(text({ min: 0 }), { in_pin_code: text({ min: 0, max: PIN_CODE_MAX }) });

const addressRequest = object({
  country: matching(/^[A-Z]{2}$/, 'a country like IN'),
  values: maybe(addressFields),
  saved_addresses: maybe(list(object({ id: text(), value: addressFields }))),
  validation_errors: maybe(recordOf(text({ min: 0 }))),
});

const KINDS: Readonly<Record<InteractiveKind, Rule>> = {
  button: object({
    ...FRAMED,
    action: object({ buttons: list(button, { min: 1, max: DIRECT_SEND_BUTTONS_MAX }) }, differentButtons),
  }),
  list: object({
    header: maybe(textHeader),
    body: object({ text: text({ max: LIST_BODY_MAX }) }),
    footer: maybe(footer),
    action: object(
      { button: text({ max: LIST_BUTTON_MAX }), sections: list(listSection, { min: 1, max: SECTIONS_MAX }) },
      rowsInAll,
    ),
  }),
  cta_url: object({ ...FRAMED, action: object({ name: oneOf(['cta_url']), parameters: ctaUrl }) }),
  location_request_message: object({ ...BARE, action: named('send_location') }),
  product: object({
    header: ABSENT,
    body: maybe(body),
    footer: maybe(footer),
    action: object(PRODUCT_ACTION),
  }),
  product_list: object({
    header: textHeader,
    body,
    footer: maybe(footer),
    action: object({ catalog_id: text(), sections: productSections }),
  }),
  catalog_message: object({
    header: ABSENT,
    body,
    footer: maybe(footer),
    action: object({
      name: oneOf(['catalog_message']),
      parameters: maybe(object({ thumbnail_product_retailer_id: maybe(text()) })),
    }),
  }),
  order_details: object({
    ...FRAMED,
    action: object({ name: oneOf(['review_and_pay']), parameters: orderDetails }),
  }),
  order_status: object({
    header: ABSENT,
    body,
    footer: maybe(footer),
    action: object({ name: oneOf(['review_order']), parameters: orderStatus }),
  }),
  flow: object({ ...FRAMED, action: object({ name: oneOf(['flow']), parameters: flow }) }),
  carousel: object({ ...BARE, action: carousel }),
  call_permission_request: object({ ...BARE, body: maybe(body), action: named('call_permission_request') }),
  voice_call: object({
    ...FRAMED,
    action: object({ name: oneOf(['voice_call']), parameters: maybe(voiceCall) }),
  }),
  address_message: object({
    ...FRAMED,
    action: object({ name: oneOf(['address_message']), parameters: addressRequest }),
  }),
  request_contact_info: object({ ...BARE, action: named('request_contact_info') }),
};

export const INTERACTIVE_KINDS: readonly string[] = Object.keys(KINDS);

export const interactive: Rule = (value, found) => {
  if (!isObject(value)) return found.add('type', 'must be an object');
  const { type } = value;
  if (type === undefined) return found.add('missing', 'is required', 'type');
  if (typeof type !== 'string' || !Object.hasOwn(KINDS, type))
    return found.add('enum', `must be one of ${INTERACTIVE_KINDS.join(', ')}`, 'type');
  KINDS[type as InteractiveKind](value, found);
};
