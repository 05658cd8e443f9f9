import { newId } from '../message/id.ts';
import { type Outbound, PRIORITY } from '../message/message.ts';
import { Batch, Overloaded } from '../store/batch.ts';
import type { Clock } from '../store/clock.ts';
import type { Statement, Store } from '../store/store.ts';

export { Overloaded };

/** A message that is on disk and will be sent. */
export interface Accepted {
  readonly id: string;
  readonly status: 'queued';
  readonly createdAt: Date;
  readonly validUntil: Date | undefined;
}

interface Row {
  readonly id: string;
  readonly w: string;
  readonly s: string;
  readonly d: string;
  readonly r: string;
  readonly k: string;
  readonly c: string;
  readonly p: number;
  readonly m: number;
  readonly cb: string | undefined;
  readonly u: string | undefined;
  readonly fu: string | undefined;
  readonly at: string;
}

/**
 * One commit for all messages that arrived together. Free-form content inside the recipient's window is a reply and
 * goes before the rest: the window is a join here and not a cache, since another node may have seen the inbound.
 *
 * A batch in doubt is run again, so an id that stands already is passed over. Sequence numbers follow the array.
 */
const ACCEPT: Statement<number> = {
  name: 'accept',
  text: `
    with input as (
      select * from json_to_recordset($1::json) as i(
        id uuid, w uuid, s uuid, d text, r text, k text, c text, p smallint, m integer, cb text, u text, fu text, at timestamptz)
    ), stored as (
      insert into messages (id, workspace_id, sender_id, dialect, recipient, kind, content, status, priority,
        report_mask, callback_data, webhook_url, webhook_failover_url, created_at)
      select i.id, i.w, i.s, i.d, i.r, i.k, i.c, 10,
        case when i.k <> 'template' and i.p = ${PRIORITY.normal} and o.opened_at > i.at - interval '24 hours'
          then ${PRIORITY.reply} else i.p end,
        i.m, i.cb, i.u, i.fu, i.at
      from input i left join windows o on o.sender_id = i.s and o.recipient = i.r
      on conflict (id) do nothing
    )
    select count(*)::int as out from input`,
};

export interface AcceptOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** The events that a dialect's per-message URL gets, as a mask. */
  readonly maskOf: (dialect: Outbound['dialect']) => number;
  /** Called after the commit with the lanes that have work now. */
  readonly wake: (senderIds: Set<string>) => void;
}

/** The door of the outbox: what it resolves is on disk. */
export class Accept {
  readonly #batch: Batch<Row[], undefined>;
  readonly #options: AcceptOptions;

  constructor(options: AcceptOptions) {
    this.#options = options;
    this.#batch = new Batch<Row[], undefined>({
      // Two commits under way keep the disk busy while Node prepares the next (bench: 1 and 2 within noise without load,
      // 2 better beside dispatch).
      inFlight: 2,
      maxItems: 250,
      size: rows => rows.reduce((sum, row) => sum + 400 + row.c.length, 0),
      commit: async requests => {
        const rows = requests.length === 1 ? requests[0]! : requests.flat();
        await options.store.run(ACCEPT, [rows]);
        options.wake(new Set(rows.map(row => row.s)));
        return new Array<undefined>(requests.length).fill(undefined);
      },
    });
  }

  /**
   * Stores the messages of one request together, in their order.
   *
   * @throws Overloaded when too much waits for a commit, or the database did not answer within 5 s
   */
  async accept(messages: readonly Outbound[]): Promise<Accepted[]> {
    const createdAt = this.#options.clock.now();
    const at = createdAt.toISOString();
    const rows = messages.map(
      (message): Row => ({
        id: newId(),
        w: message.workspaceId,
        s: message.senderId,
        d: message.dialect,
        r: message.recipient,
        k: message.content.type,
        c: JSON.stringify(message.content),
        p: PRIORITY[message.priority ?? 'normal'],
        m: message.webhookUrl === undefined ? 0 : this.#options.maskOf(message.dialect),
        cb: message.callbackData,
        u: message.webhookUrl,
        fu: message.webhookFailoverUrl,
        at,
      }),
    );
    await this.#batch.add(rows);
    return rows.map(row => ({ id: row.id, status: 'queued', createdAt, validUntil: undefined }));
  }

  /** Resolves when no commit waits or runs. */
  idle(): Promise<void> {
    return this.#batch.idle();
  }
}
