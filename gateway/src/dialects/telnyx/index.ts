import type { Dialect } from '../dialect.ts';
import { refuse } from './errors.ts';
import { EVENT_NAMES, encode, OWN_URL_EVENTS, SCHEDULE_MS, TIMEOUT_MS } from './reports.ts';
import { routes } from './routes.ts';

/** Telnyx's WhatsApp messaging API. */
export const telnyx: Dialect = {
  name: 'telnyx',
  routes,
  refuse,
  encode,
  events: OWN_URL_EVENTS,
  eventNames: EVENT_NAMES,
  reportScheduleMs: SCHEDULE_MS,
  reportTimeoutMs: TIMEOUT_MS,
};
