import { chosenReply } from '../choices.ts';
import { addressOf, type Fields, fieldsOf, isFields, listOf, numberOf, textOf } from '../fields.ts';
import { mediaIn } from '../media.ts';
import { readFlow, readPlace, readProductSections } from './read-parts.ts';
import type { Action, Card, Header, Rich } from './rich.ts';

/**
 * A template as the sandbox's registry filled it in; undefined when it did not. `sent` is the template object that the
 * business sent: of some buttons only it knows what they lead to.
 */
export function readTemplate(rendered: unknown, sent?: unknown): Rich | undefined {
  if (!isFields(rendered)) return undefined;
  const components = listOf(fieldsOf(sent).components);
  const sentCards = listOf(componentOf(components, 'carousel')?.cards);
  const face = readFace(rendered, components);
  return {
    ...face,
    actions:
      rendered.call_permission_request === true
        ? [...face.actions, { kind: 'call_permission' }]
        : face.actions,
    footer: textOf(rendered.footer),
    offer: readOffer(rendered.limited_time_offer, face.actions),
    cards: listOf(rendered.cards).map((card, index) =>
      readFace(card, listOf(sentCards.find(each => numberOf(each.card_index) === index)?.components)),
    ),
  };
}

function componentOf(components: Fields[], type: string): Fields | undefined {
  return components.find(component => textOf(component.type)?.toLowerCase() === type);
}

/** What the business sent for the button at a place. */
function parameterOf(components: Fields[], index: number): Fields {
  const component = components.find(
    each => textOf(each.type)?.toLowerCase() === 'button' && (numberOf(each.index) ?? 0) === index,
  );
  return listOf(component?.parameters)[0] ?? {};
}

/** What a template and a card of its carousel have in common. */
function readFace(face: Fields, components: Fields[]): Card {
  return {
    header: readTemplateHeader(
      fieldsOf(face.header),
      listOf(componentOf(components, 'header')?.parameters)[0] ?? {},
    ),
    body: textOf(face.body),
    actions: listOf(face.buttons).map((button, place) =>
      readTemplateButton(button, parameterOf(components, numberOf(button.index) ?? place)),
    ),
  };
}

function readOffer(value: unknown, actions: Action[]): Rich['offer'] {
  if (!isFields(value)) return undefined;
  return {
    text: textOf(value.text) ?? 'Limited offer',
    expiresAt: numberOf(value.expiration_time_ms),
    code: actions.find(action => action.kind === 'copy')?.code,
  };
}

function readTemplateHeader(header: Fields, parameter: Fields): Header | undefined {
  const given = mediaIn(parameter[String(parameter.type)]);
  const media = { ...given, source: addressOf(header.media_url) ?? given.source };
  switch (textOf(header.format)?.toUpperCase()) {
    case 'IMAGE':
      return { kind: 'image', media };
    case 'VIDEO':
    case 'GIF':
      return { kind: 'video', media };
    case 'DOCUMENT':
      return { kind: 'document', media };
    case 'LOCATION':
      return { kind: 'location', place: readPlace(header.location) };
    case 'PRODUCT': {
      const product = fieldsOf(parameter.product);
      return { kind: 'product', productId: textOf(product.product_retailer_id) ?? 'Product' };
    }
    default: {
      const text = textOf(header.text);
      return text === undefined ? undefined : { kind: 'text', text };
    }
  }
}

/** Meta's address of a code to copy: authentication templates give their button back as a link (meta-cloud-api §7). */
const OTP_ADDRESS = 'https://www.whatsapp.com/otp/code/';

function readTemplateButton(button: Fields, parameter: Fields): Action {
  const type = textOf(button.type)?.toUpperCase() ?? '';
  const text = textOf(button.text);
  const acted = fieldsOf(parameter.action);
  switch (type) {
    case 'QUICK_REPLY': {
      const title = text ?? 'Reply';
      const payload = textOf(button.payload) ?? title;
      return {
        kind: 'reply',
        text: title,
        choice: chosenReply(payload),
        answer: { type: 'button', button: { payload, text: title } },
      };
    }
    case 'URL': {
      const url = addressOf(button.url);
      const code = url?.startsWith(OTP_ADDRESS) ? URL.parse(url)?.searchParams.get('code') : undefined;
      if (code) return { kind: 'copy', text: text ?? 'Copy code', code: code.replace(/^otp/, '') };
      return { kind: 'url', text: text ?? 'Open', url };
    }
    case 'PHONE_NUMBER':
      return { kind: 'phone', text: text ?? 'Call', number: textOf(button.phone_number) ?? '' };
    case 'COPY_CODE':
      return { kind: 'copy', text: text ?? 'Copy code', code: textOf(button.coupon_code) ?? '' };
    case 'FLOW':
      return {
        kind: 'flow',
        text: text ?? 'Open',
        flow: readFlow({
          ...button,
          flow_token: acted.flow_token ?? button.flow_token,
          flow_action_payload: { screen: button.navigate_screen, data: acted.flow_action_data },
        }),
      };
    case 'CATALOG':
    case 'MPM':
    case 'SPM': {
      const shown = textOf(acted.thumbnail_product_retailer_id);
      const sections = readProductSections(acted.sections);
      return {
        kind: 'products',
        text: text ?? (type === 'CATALOG' ? 'View catalog' : 'View items'),
        catalogId: textOf(acted.catalog_id) ?? '',
        sections: sections.length > 0 ? sections : [{ productIds: shown === undefined ? [] : [shown] }],
      };
    }
    case 'VOICE_CALL':
      return { kind: 'voice_call', text: text ?? 'Call now' };
    case 'REQUEST_CONTACT_INFO':
      return { kind: 'contact_info', text: text ?? 'Share contact info' };
    default:
      return { kind: 'other', text: text ?? (type === '' ? 'Button' : type) };
  }
}
