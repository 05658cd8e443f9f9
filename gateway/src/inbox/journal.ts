import { newId } from '../message/id.ts';
import { Batch } from '../store/batch.ts';
import type { Clock } from '../store/clock.ts';
import type { Statement, Store } from '../store/store.ts';

interface Row {
  readonly id: string;
  readonly at: string;
  readonly body: string;
  readonly senders: readonly string[];
}

const JOURNAL: Statement<number> = {
  name: 'journal',
  text: `
    with stored as (
      insert into journal (id, received_at, body, sender_ids)
      select id, at, decode(body, 'base64'), array(select value::uuid from json_array_elements_text(senders))
      from json_to_recordset($1::json) as i(id uuid, at timestamptz, body text, senders json)
      on conflict (id) do nothing
      returning 1
    )
    select count(*)::int as out from stored`,
};

/** Stores webhooks raw, before Meta gets its 200: what happens to them later can be done again. */
export class Journal {
  readonly #batch: Batch<Row, undefined>;
  readonly #clock: Clock;

  constructor(store: Store, clock: Clock) {
    this.#clock = clock;
    this.#batch = new Batch<Row, undefined>({
      inFlight: 2,
      size: row => row.body.length,
      commit: async rows => {
        await store.run(JOURNAL, [rows]);
        return [];
      },
    });
  }

  /**
   * @param senderIds the senders whose secret signed the body; only their items count
   * @returns the journal id, once it is on disk
   * @throws Overloaded when too much waits or the database does not answer; Meta then repeats
   */
  async write(body: Buffer, senderIds: readonly string[]): Promise<string> {
    const id = newId();
    await this.#batch.add({
      id,
      at: this.#clock.now().toISOString(),
      body: body.toString('base64'),
      senders: senderIds,
    });
    return id;
  }

  idle(): Promise<void> {
    return this.#batch.idle();
  }
}
