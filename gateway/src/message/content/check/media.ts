import { CAPTION_MAX, LATITUDE_MAX, LONGITUDE_MAX } from '../../limits.ts';
import { address, decimal, either, flag, maybe, object, type Rule, refused, text } from './rules.ts';

const SOURCE = { id: maybe(text()), link: maybe(address) };
const ONE_SOURCE = either('id', 'link', 'not both');
const CAPTION = { caption: maybe(text({ min: 0, max: CAPTION_MAX })) };
const NO_CAPTION = { caption: maybe(refused('is not shown with this kind of file')) };

export const captioned: Rule = object({ ...SOURCE, ...CAPTION }, ONE_SOURCE);
export const document: Rule = object(
  { ...SOURCE, ...CAPTION, filename: maybe(text({ min: 0 })) },
  ONE_SOURCE,
);
export const audio: Rule = object({ ...SOURCE, ...NO_CAPTION, voice: maybe(flag) }, ONE_SOURCE);
export const sticker: Rule = object({ ...SOURCE, ...NO_CAPTION }, ONE_SOURCE);
/** In an order. */
export const picture: Rule = object(SOURCE, ONE_SOURCE);

/** In a header of an interactive message, where Meta's pages on Direct Send ask for at least one of the two (§3.3). */
export const headerFile: Rule = object(
  { ...SOURCE, filename: maybe(text({ min: 0 })) },
  either('id', 'link', 'or both'),
);

export const place: Rule = object({
  latitude: decimal(-LATITUDE_MAX, LATITUDE_MAX),
  longitude: decimal(-LONGITUDE_MAX, LONGITUDE_MAX),
  name: maybe(text({ min: 0 })),
  address: maybe(text({ min: 0 })),
});
