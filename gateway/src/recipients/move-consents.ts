import { KEY_IS } from '../store/key-is.ts';
import type { Statement } from '../store/store.ts';

/**
 * What was said under a name moves to the one that counts; of two words the newer one stands.
 *
 * Run when the names are committed, in a transaction of its own: an opt-out that is written at the same time reads the names
 * again when it is committed (`Consents.record`), so one of both sees the other.
 *
 * Parameters: names, as `{workspace, alias, recipient}`.
 */
export const MOVE_CONSENTS: Statement<number> = {
  name: 'move_consents',
  text: `
    with learnt as materialized (
      select distinct on (workspace, alias) workspace as workspace_id, alias, recipient
      from json_to_recordset($1::json) as i(workspace uuid, alias text, recipient text)
      order by workspace, alias
    ), retold as (
      update consent_changes c set recipient = l.recipient
      from learnt l where ${KEY_IS('c.workspace_id', 'l.workspace_id')} and c.recipient = l.alias
    ), parted as (
      delete from consents c using learnt l where ${KEY_IS('c.workspace_id', 'l.workspace_id')} and c.recipient = l.alias
      returning c.*, l.recipient as person
    ), joined as (
      insert into consents (workspace_id, recipient, channel, reason, active, customer, source, note, at, id)
      select distinct on (workspace_id, person, channel, reason)
        workspace_id, person, channel, reason, active, customer, source, note, at, id
      from parted order by workspace_id, person, channel, reason, at desc
      on conflict (workspace_id, recipient, channel, reason) do update
      set active = excluded.active, at = excluded.at, source = excluded.source, note = excluded.note
      where consents.at < excluded.at
    )
    select count(*)::int as out from parted`,
};
