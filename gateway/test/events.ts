import { expect } from 'vitest';
import { createSender } from '../src/accounts/senders.ts';
import { newId } from '../src/message/id.ts';
import { STATUS } from '../src/message/status.ts';
import { parametersOf } from '../src/outbox/apply.ts';
import { APPLY, type Fact, type InboundRow } from '../src/outbox/apply-statement.ts';
import { type ApiGround, apiGround } from './api.ts';
import { type Listening, type ListenOptions, listen } from './listening.ts';
import { putMessage } from './rows.ts';

/** A workspace with a number and a key of each scope. */
export interface Tenant {
  readonly id: string;
  readonly read: string;
  readonly send: string;
  readonly admin: string;
  readonly sender: string;
  readonly phone: string;
}

/** Two nodes on one database. What a test stores wakes neither: it comes as from a third. */
export interface EventGround {
  readonly g: ApiGround;
  readonly other: ApiGround;
  readonly tenant: () => Promise<Tenant>;
  /** One more number of a workspace. */
  readonly addNumber: (workspaceId: string) => Promise<{ sender: string; phone: string }>;
  /** Listens with the tenant's key, at the first node when none is named. */
  readonly hear: (of: Tenant, options?: ListenOptions, at?: ApiGround) => Promise<Listening>;
  /** A message that WhatsApp has taken; its id. */
  readonly message: (of: Tenant, more?: object) => Promise<string>;
  readonly apply: (facts: readonly Fact[], inbound?: readonly InboundRow[]) => Promise<unknown>;
  readonly now: () => string;
  /** Cuts all connections and waits until the nodes know. */
  readonly quiet: () => Promise<void>;
  readonly close: () => Promise<void>;
}

export const fact = (of: Tenant, id: string, more: Partial<Fact>): Fact => ({
  id,
  sender: of.sender,
  attempt: 1,
  ...more,
});

export async function eventGround(): Promise<EventGround> {
  const g = await apiGround();
  const other = await apiGround(g);
  const now = () => g.clock.now().toISOString();
  const open: Listening[] = [];
  let phones = 0;
  const addNumber = async (workspaceId: string) => {
    const phone = `+1555600${String(++phones).padStart(4, '0')}`;
    const made = await createSender(
      g.store,
      g.secrets,
      {
        workspaceId,
        phoneNumber: phone,
        phoneNumberId: newId(),
        wabaId: `waba ${phone}`,
        accessToken: 't',
        appSecret: 's',
      },
      g.clock.now(),
    );
    if ('kind' in made) throw new Error(made.detail);
    await Promise.all([g.directory.refresh(), other.directory.refresh()]);
    return { sender: made.id, phone };
  };
  return {
    g,
    other,
    addNumber,
    now,
    tenant: async () => {
      const made = await g.tenant();
      return { ...made, ...(await addNumber(made.id)) };
    },
    hear: async (of, options = {}, at = g) => {
      const listening = await listen(at.url, { key: of.read, ...options });
      open.push(listening);
      return listening;
    },
    message: (of, more = {}) =>
      putMessage(g, { workspace_id: of.id, sender_id: of.sender, status: STATUS.accepted, ...more }),
    apply: (facts, inbound = []) => g.store.run(APPLY, parametersOf([{ facts, inbound }], new Date(now()))),
    quiet: async () => {
      for (const one of open.splice(0)) one.cut();
      await expect.poll(() => g.feed.listeners + other.feed.listeners).toBe(0);
    },
    close: async () => {
      await other.stop();
      await g.stop();
      await g.close();
    },
  };
}
