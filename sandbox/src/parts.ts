import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { Feed } from './feed.ts';
import type { Ledger } from './ledger.ts';
import type { Phones } from './phones.ts';
import type { Rates } from './rates.ts';
import type { Senders } from './senders.ts';
import type { Settings } from './settings.ts';
import type { Statuses } from './statuses.ts';
import type { Webhooks } from './webhooks.ts';

/** A composed network: everything that a route may need. */
export interface Network {
  clock: Clock;
  settings: Settings;
  senders: Senders;
  phones: Phones;
  ledger: Ledger;
  faults: Faults;
  rates: Rates;
  statuses: Statuses;
  webhooks: Webhooks;
  feed: Feed;
  wamid: (digits: string) => string;
  log: (line: string) => void;
}
