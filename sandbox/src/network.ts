import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createClock } from './clock.ts';
import { Faults } from './faults.ts';
import { Feed } from './feed.ts';
import { Ledger } from './ledger.ts';
import { lockFolder } from './lock.ts';
import { MediaAddresses } from './media/address.ts';
import { MediaStore } from './media/store.ts';
import { Uploads } from './media/uploads.ts';
import type { Message, Named } from './message.ts';
import type { Network } from './parts.ts';
import { keepPending, takePending } from './pending.ts';
import { Phones } from './phones.ts';
import { seededRandom } from './random.ts';
import { Rates } from './rates.ts';
import { Receivers } from './receivers/receivers.ts';
import { Schedule } from './schedule.ts';
import { Senders } from './senders.ts';
import { buildServer } from './server.ts';
import { changeSettings, DEFAULT_SETTINGS, type Settings } from './settings.ts';
import { type StatusEvent, Statuses } from './statuses.ts';
import { Templates } from './templates/registry.ts';
import { wamids } from './wamid.ts';
import { type Delivery, Webhooks } from './webhooks.ts';
import { Windows } from './window.ts';

export interface SandboxOptions {
  /** default 8081; 0 takes a free one */
  port?: number;
  /** default 127.0.0.1 */
  host?: string;
  /** Keeps senders, phones, ledger and what was still to be told; in memory when absent. */
  dataDir?: string | undefined;
  /** For senders that have no address of their own. */
  webhookUrl?: string | undefined;
  /** Of every new account, instead of one of its own. */
  appSecret?: string | undefined;
  /** Folder of the built page; the package's own when absent. */
  pageDir?: string | undefined;
  settings?: Partial<Settings>;
  /** Of the variation of delivery times. */
  seed?: number;
  log?: (line: string) => void;
}

export interface Sandbox {
  url: string;
  port: number;
  network: Network;
  /** Ends every connection, flushes the files, keeps what is still to be told. */
  stop(): Promise<void>;
}

/** Composes and starts a network. Throws when the port or the data folder is taken, or an option is wrong. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { dataDir, log = line => console.error(line) } = options;
  const settings = { ...DEFAULT_SETTINGS };
  const wrong = changeSettings(settings, options.settings ?? {});
  if (wrong !== undefined) throw new Error(wrong);
  const unlock = dataDir === undefined ? async () => {} : await lockFolder(dataDir);

  const clock = createClock();
  const media = new MediaStore(dataDir, clock);
  const feed = new Feed(media);
  const templates = new Templates({
    dataDir,
    clock,
    settings,
    tell: ({ wabaId, field, value }) => {
      const account = senders.account(wabaId);
      if (account === undefined) return;
      webhooks.send({ kind: 'notice', account, sender: undefined, field, value, at: clock.now() });
    },
  });
  const senders = new Senders(dataDir, options.appSecret, account => templates.welcome(account.wabaId));
  const named: Named = {
    sender: number => senders.byNumber(number),
    template: id => templates.byId(id),
  };
  const windows = new Windows(clock);
  const phones = new Phones(dataDir, feed, named, windows);
  const ledger = new Ledger(dataDir);
  const due = new Schedule<StatusEvent>(clock, event => statuses.fire(event));
  const retries = new Schedule<Delivery>(clock, delivery => webhooks.resume(delivery));
  const webhooks = new Webhooks({
    clock,
    settings,
    retries,
    log,
    url: options.webhookUrl,
    told: items => {
      for (const item of items) {
        if (item.kind === 'inbound') phones.move(item.message, 'delivered', clock.now());
      }
    },
  });
  const statuses = new Statuses({
    clock,
    random: seededRandom(options.seed ?? 1),
    settings,
    schedule: due,
    phones,
    tell: event => webhooks.send(event),
  });
  const network: Network = {
    clock,
    settings,
    senders,
    templates,
    uploads: new Uploads(),
    media,
    addresses: new MediaAddresses(clock),
    phones,
    windows,
    ledger,
    faults: new Faults(),
    rates: new Rates(clock, settings),
    statuses,
    webhooks,
    receivers: new Receivers(feed),
    feed,
    wamid: wamids(),
    log,
  };

  const pendingFile = dataDir && join(dataDir, 'pending.jsonl');
  const server = await buildServer(network, options.pageDir);
  const stop = async () => {
    await server.close();
    templates.close();
    const later = due.close();
    const again = retries.close();
    const unanswered = await webhooks.close();
    if (pendingFile !== undefined) keepPending(pendingFile, later, again, unanswered);
    phones.close();
    ledger.close();
    media.close();
    senders.close();
    await unlock();
  };
  try {
    await server.listen({ port: options.port ?? 8081, host: options.host ?? '127.0.0.1' });
  } catch (error) {
    await stop();
    throw error;
  }
  if (pendingFile !== undefined) {
    const messageOf = (wamid: string): Message | undefined => phones.message(wamid);
    takePending(pendingFile, messageOf, wabaId => senders.account(wabaId), named, due, retries);
  }
  const { port } = server.server.address() as AddressInfo;
  return { port, url: server.listeningOrigin, network, stop };
}
