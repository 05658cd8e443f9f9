import { randomBytes } from 'node:crypto';
import { Directory } from '../src/accounts/directory.ts';
import { openSecrets } from '../src/accounts/secrets.ts';
import { createSender, type SenderRecord } from '../src/accounts/senders.ts';
import { createWorkspace } from '../src/accounts/workspaces.ts';
import { Arrivals } from '../src/inbox/arrivals.ts';
import { parseBody } from '../src/inbox/items.ts';
import { Journal } from '../src/inbox/journal.ts';
import { Reader } from '../src/inbox/reader.ts';
import { retryFailures, type SetAside } from '../src/inbox/set-aside.ts';
import { newId } from '../src/message/id.ts';
import { Aliases } from '../src/recipients/aliases.ts';
import type { Clock } from '../src/store/clock.ts';
import type { JournalRow } from '../src/store/journal-row.ts';
import { applyTo, type Ground, ground } from './rows.ts';

/** The inbox on a database of its own: everything between the signature of a webhook and its effects. */
export interface Inbox {
  readonly g: Ground;
  readonly sender: SenderRecord;
  /** Steps by hand. */
  readonly clock: Clock & { step: (ms: number) => void };
  readonly reader: Reader;
  readonly counts: Map<string, number>;
  readonly aside: SetAside[];
  readonly errors: { readonly error: unknown; readonly doing: string }[];
  /** Stores a webhook and leaves it unread, as a process does that dies then; its journal id. */
  readonly journalled: (body: string) => Promise<string>;
  /** Stores a webhook and hands it to the reader, as a request does, or with another size or content in memory. */
  readonly push: (body: string, held?: { bytes?: number; parsed?: unknown }) => Promise<string>;
  /** Takes a webhook in as a request does, and waits for what its answer waits for. */
  readonly arrive: (body: string, senderIds?: readonly string[]) => Promise<string>;
  /** A reader with nothing in memory, as after a start. */
  readonly newReader: () => Reader;
  /** Tries once more what is due. */
  readonly retry: () => Promise<void>;
  readonly stateOf: (journalId: string) => Promise<number | undefined>;
  /** The ids of Meta of the inbound messages that are stored. */
  readonly stored: () => Promise<string[]>;
  readonly failures: (journalId: string) => Promise<{ item: number; tries: number; set_aside: boolean }[]>;
  readonly close: () => Promise<void>;
}

export async function inbox(): Promise<Inbox> {
  const g = await ground();
  const { store } = g;
  const secrets = openSecrets(randomBytes(32).toString('base64'));
  const now = new Date();
  const workspace = await createWorkspace(store, secrets, { name: 'inbox' }, now);
  if ('kind' in workspace) throw new Error(workspace.detail);
  const sender = await createSender(
    store,
    secrets,
    {
      workspaceId: workspace.id,
      phoneNumber: '+15550007001',
      phoneNumberId: 'pnid',
      wabaId: 'waba',
      accessToken: 'token',
      appSecret: 'secret',
    },
    now,
  );
  if ('kind' in sender) throw new Error(sender.detail);
  const directory = await Directory.open(store, secrets, { log: () => {} });
  let ahead = 0;
  const clock = {
    now: () => new Date(Date.now() + ahead),
    monotonic: () => performance.now() + ahead,
    wall: () => Date.now() + ahead,
    step: (ms: number) => {
      ahead += ms;
    },
  };
  const journal = new Journal(store);
  const counts = new Map<string, number>();
  const aside: SetAside[] = [];
  const errors: { error: unknown; doing: string }[] = [];
  const apply = applyTo(store, clock);
  const aliases = new Aliases(store, clock);
  const newReader = (): Reader =>
    new Reader({
      store,
      clock,
      directory,
      aliases,
      apply,
      onApplied: () => {},
      onCount: (what, count) => counts.set(what, (counts.get(what) ?? 0) + count),
      onSetAside: one => aside.push(one),
      onError: (error, doing) => errors.push({ error, doing }),
    });
  const reader = newReader();
  const arrivals = new Arrivals({ journal, reader, apply, aliases, directory, timeoutMs: 30_000 });
  const rowOf = (id: string, body: string, senders: readonly string[]): JournalRow => ({
    id,
    at: clock.now().toISOString(),
    body: Buffer.from(body).toString('base64'),
    senders,
  });
  const journalled = async (body: string): Promise<string> => {
    const id = newId();
    await journal.write(rowOf(id, body, [sender.id]));
    return id;
  };
  return {
    g,
    sender,
    clock,
    reader,
    counts,
    aside,
    errors,
    journalled,
    push: async (body, held = {}) => {
      const id = await journalled(body);
      const read = { parsed: parseBody(Buffer.from(body)), bytes: Buffer.byteLength(body) };
      reader.push({ id, senderIds: [sender.id], ...read, ...held });
      return id;
    },
    arrive: async (body, senderIds = [sender.id]) => {
      const id = newId();
      const bytes = Buffer.byteLength(body);
      await arrivals.write(rowOf(id, body, senderIds), {
        id,
        parsed: parseBody(Buffer.from(body)),
        bytes,
        senderIds,
      });
      return id;
    },
    newReader,
    retry: () =>
      retryFailures(
        store,
        clock,
        (item, senderIds) => reader.readItem(item, senderIds),
        one => aside.push(one),
      ),
    stateOf: async id =>
      (await store.db.selectFrom('journal').select('state').where('id', '=', id).executeTakeFirst())?.state,
    stored: async () => {
      const rows = await store.db
        .selectFrom('messages')
        .select('wamid')
        .where('direction', '=', 1)
        .orderBy('wamid')
        .execute();
      return rows.map(row => row.wamid ?? '');
    },
    failures: journalId =>
      store.db
        .selectFrom('inbox_failures')
        .select(['item', 'tries', 'set_aside'])
        .where('journal_id', '=', journalId)
        .orderBy('item')
        .execute(),
    close: async () => {
      await directory.close();
      await g.close();
    },
  };
}

/** A webhook of the inbox's number. */
export const webhook = (value: object): string =>
  JSON.stringify({
    entry: [
      {
        id: 'waba',
        changes: [{ field: 'messages', value: { metadata: { phone_number_id: 'pnid' }, ...value } }],
      },
    ],
  });

export const inbound = (wamid: string, body: unknown = 'hi') => ({
  id: wamid,
  from: '15559990001',
  timestamp: String(Math.floor(Date.now() / 1000)),
  type: 'text',
  text: { body },
});
