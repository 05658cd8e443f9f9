/** A webhook as it is stored: raw, with the senders whose secret signed it. */
export interface JournalRow {
  readonly id: string;
  /** When it came, ISO 8601. */
  readonly at: string;
  /** Base64. */
  readonly body: string;
  /** Only the items of these count. */
  readonly senders: readonly string[];
}

/** States of a webhook, as stored. */
export const JOURNALLED = { unread: 0, read: 1, setAside: 2 } as const;

/**
 * SQL, as a member of a `with` that is called `journalled`: stores webhooks. One that is there already stays as it is.
 *
 * @param rows the parameter with `JournalRow`s, as in `$1`
 */
export const INTO_JOURNAL = (rows: string, state: number): string => `
    journalled as (
      insert into journal (id, received_at, body, sender_ids, state)
      select id, at, decode(body, 'base64'), array(select value::uuid from json_array_elements_text(senders)), ${state}
      from json_to_recordset(${rows}::json) as i(id uuid, at timestamptz, body text, senders json)
      on conflict (id) do nothing
      returning 1
    )`;
