import type { Dialect } from '../dialect.ts';
import { refuse } from './errors.ts';
import { EVENT_NAMES, encode, OWN_URL_EVENTS } from './reports.ts';
import { routes } from './routes.ts';

/** Telnyx's WhatsApp messaging API. */
export const telnyx: Dialect = {
  name: 'telnyx',
  routes,
  refuse,
  encode,
  events: OWN_URL_EVENTS,
  eventNames: EVENT_NAMES,
};
