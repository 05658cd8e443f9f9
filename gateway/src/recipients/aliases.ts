import { canonicalPhone } from '../message/phone.ts';
import { Batch } from '../store/batch.ts';
import type { Clock } from '../store/clock.ts';
import { KEY_IS } from '../store/key-is.ts';
import type { Statement, Store } from '../store/store.ts';
import { MOVE_CONSENTS } from './move-consents.ts';

/** Two names of one person. */
export interface Alias {
  readonly workspace: string;
  /** The other name: a user id, or a phone number that the person had before. */
  readonly alias: string;
  /** The name that windows, consent and pace go by. */
  readonly recipient: string;
}

/** The names that one piece of Meta's gives one person. */
export interface Names {
  /** Digits, with or without a plus sign. */
  readonly phone?: string | undefined;
  readonly userIds: readonly (string | undefined)[];
  /** A number that the person had before. */
  readonly formerPhone?: string | undefined;
}

/** Pairs that need not be written again; a node that forgets some writes them once more. */
const SEEN_MAX = 50_000;

/** Names that nobody waits for are learnt together this often. */
const NOTED_MS = 200;

/** A name is a phone number or a BSUID of at most 128 signs; longer ones are not kept. */
const NAME_MAX = 160;

/**
 * A window that was opened under the other name moves to the one that counts from now on, and what led to the other name
 * leads on.
 */
export const LEARN: Statement<number> = {
  name: 'learn_aliases',
  text: `
    with input as materialized (
      select distinct on (workspace, alias) workspace, alias, recipient
      from json_to_recordset($1::json) as i(workspace uuid, alias text, recipient text)
      order by workspace, alias
    ), learnt as (
      insert into recipient_aliases (workspace_id, alias, recipient, learnt_at)
      select workspace, alias, recipient, $2::timestamptz from input order by workspace, alias
      on conflict (workspace_id, alias) do update set recipient = excluded.recipient, learnt_at = excluded.learnt_at
      where recipient_aliases.recipient <> excluded.recipient
      returning workspace_id, alias, recipient
    ), led as (
      update recipient_aliases a set recipient = l.recipient, learnt_at = $2::timestamptz
      from learnt l where ${KEY_IS('a.workspace_id', 'l.workspace_id')} and a.recipient = l.alias
        and not exists (select from input i where i.workspace = a.workspace_id and i.alias = a.alias)
    ), moved as (
      insert into windows (sender_id, recipient, opened_at, last_message_at)
      select w.sender_id, l.recipient, max(w.opened_at), max(w.last_message_at)
      from learnt l join senders s on s.workspace_id = l.workspace_id
      join windows w on ${KEY_IS('w.sender_id', 's.id')} and w.recipient = l.alias
      group by 1, 2 order by 1, 2
      on conflict (sender_id, recipient) do update
      set opened_at = greatest(windows.opened_at, excluded.opened_at),
        last_message_at = greatest(windows.last_message_at, excluded.last_message_at)
    )
    select count(*)::int as out from learnt`,
};

/** A person writes from a number again that somebody had moved away from: it is a name of its own. */
export const UNLEARN: Statement<number> = {
  name: 'unlearn_aliases',
  text: `
    with gone as (
      delete from recipient_aliases a using json_to_recordset($1::json) as i(workspace uuid, alias text, at timestamptz)
      where ${KEY_IS('a.workspace_id', 'i.workspace')} and a.alias = i.alias and a.learnt_at < i.at returning 1
    )
    select count(*)::int as out from gone`,
};

/** What one person's names make of each other; the phone number counts where it is known. */
export function aliasesOf(workspace: string, { phone, userIds, formerPhone }: Names): Alias[] {
  const ids = userIds.filter(id => id !== undefined && id !== '' && id.length <= NAME_MAX) as string[];
  const number = phone === undefined ? undefined : numberOf(phone);
  const recipient = number ?? ids[0];
  if (recipient === undefined) return [];
  const former = formerPhone === undefined ? undefined : numberOf(formerPhone);
  return [...ids, ...(former === undefined ? [] : [former])]
    .filter(alias => alias !== recipient)
    .map(alias => ({ workspace, alias, recipient }));
}

/** Some payloads carry a user id where a number belongs. */
function numberOf(text: string): string | undefined {
  const digits = text.replace(/^\+/, '');
  return /^\d{7,15}$/.test(digits) ? canonicalPhone(`+${digits}`) : undefined;
}

/** Learns the names of people, each pair once. */
export class Aliases {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #seen = new Set<string>();
  readonly #noted: Batch<Alias, undefined>;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#noted = new Batch<Alias, undefined>({
      everyMs: NOTED_MS,
      commit: async aliases => {
        await this.learn(aliases);
        return [];
      },
    });
  }

  /** As `learn`, soon: for what is told again later. */
  async note(aliases: readonly Alias[]): Promise<void> {
    const fresh = aliases.filter(one => !this.#seen.has(keyOf(one)));
    await Promise.all(fresh.map(one => this.#noted.add(one)));
  }

  /** Resolves when everything that was noted is on disk. */
  async idle(): Promise<void> {
    await this.#noted.idle();
  }

  /** Doing it again changes nothing. */
  async learn(aliases: readonly Alias[]): Promise<void> {
    const fresh = aliases.filter(one => !this.#seen.has(keyOf(one)));
    if (fresh.length === 0) return;
    await this.#store.run(LEARN, [fresh, this.#clock.now().toISOString()]);
    await this.#store.run(MOVE_CONSENTS, [fresh]);
    if (this.#seen.size + fresh.length > SEEN_MAX) this.#seen.clear();
    for (const one of fresh) this.#seen.add(keyOf(one));
  }

  /**
   * These numbers are their own names again.
   *
   * @param numbers with the time at which somebody wrote from them
   */
  async unlearn(
    numbers: readonly { readonly workspace: string; readonly alias: string; readonly at: string }[],
  ): Promise<void> {
    if (numbers.length === 0) return;
    if ((await this.#store.run(UNLEARN, [numbers])) > 0) this.#seen.clear();
  }
}

const keyOf = ({ workspace, alias, recipient }: Alias): string => `${workspace} ${alias} ${recipient}`;
