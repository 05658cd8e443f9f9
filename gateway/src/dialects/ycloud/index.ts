import type { Dialect } from '../dialect.ts';
import { refuse } from './errors.ts';
import { EVENT_NAMES, encode, SCHEDULE_MS, TIMEOUT_MS } from './reports.ts';
import { routes } from './routes.ts';

/** YCloud's WhatsApp API. A message has no URL of its own here: its events go to the endpoints. */
export const ycloud: Dialect = {
  name: 'ycloud',
  routes,
  refuse,
  encode,
  events: [],
  eventNames: EVENT_NAMES,
  reportScheduleMs: SCHEDULE_MS,
  reportTimeoutMs: TIMEOUT_MS,
  signsWithSecret: true,
};
