import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { Feed } from './feed.ts';
import type { Ledger } from './ledger.ts';
import type { MediaAddresses } from './media/address.ts';
import type { MediaStore } from './media/store.ts';
import type { Uploads } from './media/uploads.ts';
import type { Phones } from './phones.ts';
import type { Rates } from './rates.ts';
import type { Receivers } from './receivers/receivers.ts';
import type { Senders } from './senders.ts';
import type { Settings } from './settings.ts';
import type { Statuses } from './statuses.ts';
import type { Templates } from './templates/registry.ts';
import type { Webhooks } from './webhooks.ts';
import type { Windows } from './window.ts';

/** A composed network: everything that a route may need. */
export interface Network {
  clock: Clock;
  settings: Settings;
  senders: Senders;
  templates: Templates;
  uploads: Uploads;
  media: MediaStore;
  addresses: MediaAddresses;
  phones: Phones;
  windows: Windows;
  ledger: Ledger;
  faults: Faults;
  rates: Rates;
  statuses: Statuses;
  webhooks: Webhooks;
  receivers: Receivers;
  feed: Feed;
  wamid: (digits: string) => string;
  log: (line: string) => void;
}
