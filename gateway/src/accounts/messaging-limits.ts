import { sql } from 'kysely';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import type { Sender } from './snapshot.ts';

/** Meta raises a limit within six hours (meta-cloud-api §8.2) and says so by webhook, if the app hears of it. */
const ASK_EVERY_MS = 6 * 3_600_000;

/** Accounts that are asked about at a time, one after the other: 43,000 in a day. */
const DUE_MAX = 30;

/** What speaks for a number. */
type Speaker = Pick<Sender, 'phoneNumberId' | 'accessToken' | 'graphUrl'>;

export interface Account {
  readonly workspaceId: string;
  readonly wabaId: string;
}

export interface MessagingLimitsOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  /** What Meta says; undefined when it says nothing. Never throws. */
  readonly ask: (speaker: Speaker) => Promise<string | undefined>;
  readonly speakerOf: (account: Account) => Speaker | undefined;
}

/**
 * Asks Meta to how many people an account may write: when a number is added or checked, and now and then, since news of it
 * come only to apps that have subscribed to them. Without an answer what was known stays.
 */
export class MessagingLimits {
  readonly #options: MessagingLimitsOptions;
  #stopped = false;

  constructor(options: MessagingLimitsOptions) {
    this.#options = options;
  }

  /** @returns whether it has changed */
  async read(account: Account, speaker: Speaker): Promise<boolean> {
    const limit = await this.#options.ask(speaker);
    return limit !== undefined && this.#keep(account, limit);
  }

  /** Whoever finds an account due says so in its row, so that one node asks. */
  async readDue(): Promise<void> {
    const { store, clock, speakerOf } = this.#options;
    const now = clock.now();
    const before = new Date(now.getTime() - ASK_EVERY_MS);
    const { rows } = await sql<{ workspace_id: string; waba_id: string }>`
      insert into portfolios (workspace_id, waba_id, asked_at)
      select distinct s.workspace_id, s.waba_id, ${now}::timestamptz from senders s
      left join portfolios p on p.workspace_id = s.workspace_id and p.waba_id = s.waba_id
      where p.asked_at is null or p.asked_at <= ${before}
      order by 1, 2 limit ${DUE_MAX}
      on conflict (workspace_id, waba_id) do update set asked_at = excluded.asked_at
      where portfolios.asked_at is null or portfolios.asked_at <= ${before}
      returning workspace_id, waba_id`.execute(store.db);
    for (const row of rows) {
      const account = { workspaceId: row.workspace_id, wabaId: row.waba_id };
      const speaker = speakerOf(account);
      if (this.#stopped) return;
      if (speaker !== undefined) await this.read(account, speaker);
    }
  }

  /** Nobody waits for the accounts that are left. */
  stop(): void {
    this.#stopped = true;
  }

  /** All numbers of an account share the limit. An update that changes nothing would have every node read its accounts. */
  async #keep({ workspaceId, wabaId }: Account, limit: string): Promise<boolean> {
    const { store, clock } = this.#options;
    const other = await store.db
      .selectFrom('senders')
      .select('id')
      .where('workspace_id', '=', workspaceId)
      .where('waba_id', '=', wabaId)
      .where('messaging_limit', 'is distinct from', limit)
      .limit(1)
      .executeTakeFirst();
    if (other === undefined) return false;
    await store.db
      .updateTable('senders')
      .set({ messaging_limit: limit, updated_at: clock.now() })
      .where('workspace_id', '=', workspaceId)
      .where('waba_id', '=', wabaId)
      .execute();
    return true;
  }
}
