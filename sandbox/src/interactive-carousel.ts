import { checkItems, checkString, type Fields, invalid, isFields, missing, whenFields } from './checks.ts';
import type { Refusal } from './graph/errors.ts';
import { checkCommerce } from './interactive-commerce.ts';
import { checkFile, checkLinkFields } from './interactive-parts.ts';

/** WhatsApp: limits of carousels (meta-cloud-api §3.1) */
const CARDS_MIN = 2;
const CARDS_MAX = 10;
const CARD_BODY_MAX = 160;
const CARD_BREAKS_MAX = 2;

/** Cards to swipe through: all with a link, or all with a product. */
export function checkCarousel(action: Fields): Refusal | undefined {
  const name = "interactive['action']['cards']";
  const seen = new Set<unknown>();
  const cards: unknown[] = Array.isArray(action.cards) ? action.cards : [];
  const kinds = new Set(cards.map(card => (isFields(card) ? card.type : undefined)));
  const headers = new Set(
    cards.map(card => (isFields(card) && isFields(card.header) ? card.header.type : '')),
  );
  const wrong = checkItems(name, action.cards, CARDS_MAX, (card, at) => {
    const { card_index, type } = card;
    if (card_index === undefined) return missing(`${at}['card_index']`);
    if (!Number.isInteger(card_index) || (card_index as number) < 0 || (card_index as number) >= CARDS_MAX) {
      return invalid(`${at}['card_index'] must be from 0 to ${CARDS_MAX - 1}.`);
    }
    if (seen.has(card_index)) return invalid(`${at} has the card_index of another card.`);
    seen.add(card_index);
    if (type === undefined) return missing(`${at}['type']`);
    return whenFields(`${at}['action']`, card.action, fields => {
      if (type === 'product') return checkCommerce('product', fields);
      if (type !== 'cta_url') return invalid(`${at}['type'] must be cta_url or product.`);
      return checkMediaCard(card, fields, at);
    });
  });
  if (wrong !== undefined) return wrong;
  if (cards.length < CARDS_MIN) return invalid(`${name} has fewer than ${CARDS_MIN} items.`);
  return kinds.size > 1 || headers.size > 1 ? invalid(`${name} must all be of one kind.`) : undefined;
}

function checkMediaCard(card: Fields, action: Fields, at: string): Refusal | undefined {
  const wrong = whenFields(`${at}['header']`, card.header, header => {
    const { type } = header;
    if (type !== 'image' && type !== 'video')
      return invalid(`${at}['header']['type'] must be image or video.`);
    return checkFile(`${at}['header']['${type}']`, header[type]);
  });
  if (wrong !== undefined) return wrong;
  if (action.name !== 'cta_url') return invalid(`${at}['action']['name'] must be "cta_url".`);
  const wrongLink = whenFields(`${at}['action']['parameters']`, action.parameters, fields =>
    checkLinkFields(`${at}['action']['parameters']`, fields),
  );
  if (wrongLink !== undefined || card.body === undefined) return wrongLink;
  return whenFields(`${at}['body']`, card.body, ({ text }) => {
    const breaks = typeof text === 'string' ? text.split('\n').length - 1 : 0;
    if (breaks > CARD_BREAKS_MAX)
      return invalid(`${at}['body']['text'] has more than ${CARD_BREAKS_MAX} line breaks.`);
    return checkString(`${at}['body']['text']`, text, CARD_BODY_MAX);
  });
}
