import {
  CARD_BODY_MAX,
  CARD_BREAKS_MAX,
  CARD_INDEX_MAX,
  CARDS_MAX,
  CARDS_MIN,
  CTA_TEXT_MAX,
} from '../../limits.ts';
import { headerFile } from './media.ts';
import { PRODUCT_ACTION } from './products.ts';
import {
  address,
  entries,
  field,
  integer,
  isObject,
  list,
  maybe,
  noRepeats,
  type ObjectRule,
  object,
  oneOf,
  type Rule,
  text,
} from './rules.ts';

const cardHeader: Rule = (value, found) => {
  if (!isObject(value)) return found.add('type', 'must be an object');
  const { type } = value;
  if (type === undefined) return found.add('missing', 'is required', 'type');
  if (type !== 'image' && type !== 'video') return found.add('enum', 'must be one of image, video', 'type');
  object({ [type]: headerFile })(value, found);
};

const cardText: Rule = (value, found) => {
  text({ max: CARD_BODY_MAX })(value, found);
  if (typeof value !== 'string') return;
  const breaks = value.split('\n').length - 1;
  if (breaks > CARD_BREAKS_MAX)
    found.add('count', `has ${breaks} line breaks; at most ${CARD_BREAKS_MAX} are taken`);
};

const card_index = integer({ min: 0, max: CARD_INDEX_MAX });

const CARDS: Readonly<Record<string, Rule>> = {
  cta_url: object({
    card_index,
    header: cardHeader,
    body: maybe(object({ text: cardText })),
    action: object({
      name: oneOf(['cta_url']),
      parameters: object({ display_text: text({ max: CTA_TEXT_MAX }), url: address }),
    }),
  }),
  product: object({ card_index, action: object(PRODUCT_ACTION) }),
};

const card: Rule = (value, found) => {
  if (!isObject(value)) return found.add('type', 'must be an object');
  const { type } = value;
  if (type === undefined) return found.add('missing', 'is required', 'type');
  if (typeof type === 'string' && Object.hasOwn(CARDS, type)) return CARDS[type]!(value, found);
  found.add('enum', `must be one of ${Object.keys(CARDS).join(', ')}`, 'type');
};

/** §3.1: all cards of one kind, with one kind of header, or of one catalog; each in a place of its own. */
const alike: ObjectRule = ({ cards }, found) => {
  const all = entries(cards, CARDS_MAX);
  noRepeats(
    all.map((one, at) => ({ at: ['cards', at, 'card_index'], name: field(one, 'card_index') })),
    found,
  );
  const same = (what: string, ...path: readonly string[]): void => {
    const of = (one: unknown): unknown => path.reduce(field, one);
    const first = of(all[0]);
    const at = all.findIndex(one => of(one) !== first);
    if (at > 0) found.add('exclusive', `must be the same ${what} on all cards`, 'cards', at, ...path);
  };
  same('kind', 'type');
  same('kind of header', 'header', 'type');
  same('catalog', 'action', 'catalog_id');
};

export const carousel: Rule = object({ cards: list(card, { min: CARDS_MIN, max: CARDS_MAX }) }, alike);
