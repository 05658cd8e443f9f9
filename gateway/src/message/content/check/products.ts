import { PRODUCTS_MAX, SECTION_TITLE_MAX, SECTIONS_MAX } from '../../limits.ts';
import { entries, field, list, maybe, object, type Rule, text } from './rules.ts';

export const PRODUCT_ACTION = { catalog_id: text(), product_retailer_id: text() };

const section = object({
  title: maybe(text({ min: 0, max: SECTION_TITLE_MAX })),
  product_items: list(object({ product_retailer_id: text() }), { min: 1, max: PRODUCTS_MAX }),
});

const sections = list(section, { min: 1, max: SECTIONS_MAX });

/** Of a product list, and of an mpm button of a template: thirty products in all (§3.1, §3.2). */
export const productSections: Rule = (value, found) => {
  sections(value, found);
  const all = entries(value, SECTIONS_MAX);
  let products = 0;
  for (const [at, one] of all.entries()) {
    const items = field(one, 'product_items');
    if (Array.isArray(items)) products += items.length;
    if (all.length > 1 && !field(one, 'title'))
      found.add('missing', 'is required when there are several sections', at, 'title');
  }
  if (products > PRODUCTS_MAX)
    found.add('count', `has ${products} products in all sections; at most ${PRODUCTS_MAX} are taken`);
};
