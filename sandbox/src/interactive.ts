import {
  checkItems,
  checkString,
  type Fields,
  invalid,
  isFields,
  missing,
  unreadable,
  whenFields,
} from './checks.ts';
import type { Refusal } from './graph/errors.ts';
import { checkCarousel } from './interactive-carousel.ts';
import { checkCommerce } from './interactive-commerce.ts';
import { checkFile, checkLinkFields, TITLE_MAX } from './interactive-parts.ts';

/** WhatsApp: limits of interactive messages, in characters (meta-cloud-api §3.1) */
const HEADER_MAX = 60;
const BODY_MAX = 1024;
const LIST_BODY_MAX = 4096;
const FOOTER_MAX = 60;
const BUTTONS_MAX = 3;
const DIRECT_BUTTONS_MAX = 10;
const BUTTON_ID_MAX = 256;
const SECTIONS_MAX = 10;
const ROWS_MAX = 10;
const ROW_ID_MAX = 200;
const ROW_TITLE_MAX = 24;
const ROW_DESCRIPTION_MAX = 72;
const CTA_MAX = 30;
const PAYLOAD_MAX = 512;
const CALL_MINUTES_MAX = 43_200;

interface Rule {
  /** none: absent; text: text only; any: text, image, video, document; required: text, and it must be there */
  header: 'none' | 'text' | 'any' | 'required';
  body: 'required' | 'optional';
  footer: boolean;
  /** What `action.name` must be. */
  name?: string;
  check?: (action: Fields, body: Fields) => Refusal | undefined;
}

const RULES: Record<string, Rule> = {
  button: { header: 'any', body: 'required', footer: true, check: checkButtons },
  list: { header: 'text', body: 'required', footer: true, check: checkList },
  cta_url: { header: 'any', body: 'required', footer: true, name: 'cta_url', check: checkLink },
  location_request_message: { header: 'none', body: 'required', footer: false, name: 'send_location' },
  product: { header: 'none', body: 'optional', footer: true, check: commerce('product') },
  product_list: { header: 'required', body: 'required', footer: true, check: commerce('product_list') },
  catalog_message: { header: 'none', body: 'required', footer: true, name: 'catalog_message' },
  order_details: {
    header: 'any',
    body: 'required',
    footer: true,
    name: 'review_and_pay',
    check: commerce('order_details'),
  },
  order_status: {
    header: 'none',
    body: 'required',
    footer: true,
    name: 'review_order',
    check: commerce('order_status'),
  },
  flow: { header: 'any', body: 'required', footer: true, name: 'flow', check: checkFlow },
  carousel: { header: 'none', body: 'required', footer: false, check: checkCarousel },
  call_permission_request: {
    header: 'none',
    body: 'optional',
    footer: false,
    name: 'call_permission_request',
  },
  voice_call: { header: 'any', body: 'required', footer: true, name: 'voice_call', check: checkCall },
  address_message: {
    header: 'any',
    body: 'required',
    footer: true,
    name: 'address_message',
    check: checkAddress,
  },
  request_contact_info: { header: 'none', body: 'required', footer: true, name: 'request_contact_info' },
};

/** Checks an `interactive` object as Meta does for its type. */
export function checkInteractive(interactive: Fields): Refusal | undefined {
  const { type, action } = interactive;
  if (type === undefined) return missing("interactive['type']");
  if (typeof type !== 'string') return unreadable("interactive['type']", 'a string');
  const rule = Object.hasOwn(RULES, type) ? RULES[type] : undefined;
  if (rule === undefined) return invalid(`interactive['type'] "${type}" is not known.`);
  return (
    checkHeader(rule, interactive.header) ??
    checkBody(rule, type === 'list' ? LIST_BODY_MAX : BODY_MAX, interactive.body) ??
    checkFooter(rule, interactive.footer) ??
    whenFields("interactive['action']", action, fields => {
      if (rule.name !== undefined) {
        if (fields.name === undefined) return missing("interactive['action']['name']");
        if (fields.name !== rule.name)
          return invalid(`interactive['action']['name'] must be "${rule.name}".`);
      }
      return rule.check?.(fields, interactive);
    })
  );
}

function commerce(type: string): (action: Fields, interactive: Fields) => Refusal | undefined {
  return action => checkCommerce(type, action);
}

function checkHeader({ header: rule }: Rule, header: unknown): Refusal | undefined {
  const name = "interactive['header']";
  if (header === undefined) return rule === 'required' ? missing(name) : undefined;
  if (rule === 'none') return invalid(`${name} is not allowed here.`);
  return whenFields(name, header, fields => {
    const { type } = fields;
    if (type === 'text') return checkString(`${name}['text']`, fields.text, HEADER_MAX);
    if (type === undefined) return missing(`${name}['type']`);
    const isMedia = type === 'image' || type === 'video' || type === 'document';
    if (rule !== 'any' || !isMedia) return invalid(`${name}['type'] "${String(type)}" is not allowed here.`);
    return checkFile(`${name}['${type}']`, fields[type]);
  });
}

function checkBody({ body: rule }: Rule, max: number, body: unknown): Refusal | undefined {
  const name = "interactive['body']";
  if (body === undefined) return rule === 'required' ? missing(name) : undefined;
  return whenFields(name, body, ({ text }) => checkString(`${name}['text']`, text, max));
}

function checkFooter({ footer: allowed }: Rule, footer: unknown): Refusal | undefined {
  const name = "interactive['footer']";
  if (footer === undefined) return undefined;
  if (!allowed) return invalid(`${name} is not allowed here.`);
  return whenFields(name, footer, ({ text }) => checkString(`${name}['text']`, text, FOOTER_MAX));
}

function checkButtons(action: Fields): Refusal | undefined {
  const name = "interactive['action']['buttons']";
  const ids = new Set<unknown>();
  const titles = new Set<unknown>();
  const buttons: unknown[] = Array.isArray(action.buttons) ? action.buttons : [];
  // Buttons that lead somewhere come with Direct Send only, which allows more of them.
  const isDirect = buttons.some(button => isFields(button) && button.type === 'cta_url');
  return checkItems(name, action.buttons, isDirect ? DIRECT_BUTTONS_MAX : BUTTONS_MAX, (button, at) => {
    if (button.type === 'cta_url') {
      return whenFields(`${at}['cta_url']`, button.cta_url, link =>
        checkLinkFields(`${at}['cta_url']`, link),
      );
    }
    if (button.type !== 'reply') return invalid(`${at}['type'] must be "reply".`);
    return whenFields(`${at}['reply']`, button.reply, ({ id, title }) => {
      const wrong =
        checkString(`${at}['reply']['id']`, id, BUTTON_ID_MAX) ??
        checkString(`${at}['reply']['title']`, title, TITLE_MAX);
      if (wrong !== undefined) return wrong;
      if (ids.has(id) || titles.has(title)) return invalid(`${at} has the id or title of another button.`);
      ids.add(id);
      titles.add(title);
      return undefined;
    });
  });
}

function checkList(action: Fields): Refusal | undefined {
  const name = "interactive['action']";
  const ids = new Set<unknown>();
  const several = Array.isArray(action.sections) && action.sections.length > 1;
  return (
    checkString(`${name}['button']`, action.button, TITLE_MAX) ??
    checkItems(`${name}['sections']`, action.sections, SECTIONS_MAX, (section, at) => {
      if (several || section.title !== undefined) {
        const wrong = checkString(`${at}['title']`, section.title, ROW_TITLE_MAX);
        if (wrong !== undefined) return wrong;
      }
      return checkItems(`${at}['rows']`, section.rows, ROWS_MAX, (row, place) => {
        const wrong =
          checkString(`${place}['id']`, row.id, ROW_ID_MAX) ??
          checkString(`${place}['title']`, row.title, ROW_TITLE_MAX) ??
          checkOptional(`${place}['description']`, row.description, ROW_DESCRIPTION_MAX);
        if (wrong !== undefined) return wrong;
        if (ids.has(row.id)) return invalid(`${place} has the id of another row.`);
        ids.add(row.id);
        return ids.size > ROWS_MAX ? invalid(`${name} has more than ${ROWS_MAX} rows in all.`) : undefined;
      });
    })
  );
}

function checkOptional(name: string, value: unknown, max: number): Refusal | undefined {
  return value === undefined || value === '' ? undefined : checkString(name, value, max);
}

function checkLink(action: Fields): Refusal | undefined {
  const name = "interactive['action']['parameters']";
  return whenFields(name, action.parameters, fields => checkLinkFields(name, fields));
}

function checkFlow(action: Fields): Refusal | undefined {
  const name = "interactive['action']['parameters']";
  return whenFields(name, action.parameters, fields => {
    const { flow_id, flow_name, flow_cta, flow_action, flow_action_payload, mode } = fields;
    if (fields.flow_message_version === undefined) return missing(`${name}['flow_message_version']`);
    if (String(fields.flow_message_version) !== '3') {
      return invalid(`${name}['flow_message_version'] must be "3".`);
    }
    if (flow_id === undefined && flow_name === undefined) {
      return missing(`${name}['flow_id'] or ${name}['flow_name']`);
    }
    if (flow_id !== undefined && flow_name !== undefined) {
      return invalid(`${name} has both flow_id and flow_name.`);
    }
    const wrong = checkString(`${name}['flow_cta']`, flow_cta, CTA_MAX);
    if (wrong !== undefined) return wrong;
    if (/\p{Extended_Pictographic}/u.test(String(flow_cta)))
      return invalid(`${name}['flow_cta'] has an emoji.`);
    if (mode !== undefined && mode !== 'draft' && mode !== 'published') {
      return invalid(`${name}['mode'] must be draft or published.`);
    }
    if (flow_action !== undefined && flow_action !== 'navigate' && flow_action !== 'data_exchange') {
      return invalid(`${name}['flow_action'] must be navigate or data_exchange.`);
    }
    if (flow_action_payload !== undefined && flow_action === 'data_exchange') {
      return invalid(`${name}['flow_action_payload'] goes with navigate only.`);
    }
    return undefined;
  });
}

function checkCall({ parameters }: Fields): Refusal | undefined {
  const name = "interactive['action']['parameters']";
  if (parameters === undefined) return undefined;
  return whenFields(name, parameters, ({ display_text, ttl_minutes, payload }) => {
    const wrong =
      checkOptional(`${name}['display_text']`, display_text, TITLE_MAX) ??
      checkOptional(`${name}['payload']`, payload, PAYLOAD_MAX);
    if (wrong !== undefined || ttl_minutes === undefined) return wrong;
    const fits =
      Number.isInteger(ttl_minutes) &&
      (ttl_minutes as number) >= 1 &&
      (ttl_minutes as number) <= CALL_MINUTES_MAX;
    return fits ? undefined : invalid(`${name}['ttl_minutes'] must be from 1 to ${CALL_MINUTES_MAX}.`);
  });
}

function checkAddress({ parameters }: Fields): Refusal | undefined {
  const name = "interactive['action']['parameters']";
  return whenFields(name, parameters, ({ country }) => {
    if (country === undefined) return missing(`${name}['country']`);
    return country === 'IN' ? undefined : invalid(`${name}['country'] must be "IN".`);
  });
}
