import type { Failure } from '../message/failure.ts';
import { KEY_IS } from '../store/key-is.ts';
import type { Statement, Store } from '../store/store.ts';
import type { TemplateState } from '../templates/template.ts';
import { onceMore } from './once-more.ts';
import type { Settle } from './settle.ts';

/** Rows that one statement moves: it must end long before the time-out of a query. */
const PORTION = 2_000;

const WAITED_FOR: Statement<string[]> = {
  name: 'templates_waited_for',
  text: `
    select coalesce(json_agg(distinct template_id), '[]') as out
    from messages where run_at is null and parked = 'template'`,
};

/** The sender of each message that goes on. */
const UNPARK: Statement<string[]> = {
  name: 'unpark_template',
  text: `
    with due as materialized (
      select id from messages where run_at is null and parked = 'template' and template_id = $1::uuid and status = 10
      order by id limit ${PORTION} for update skip locked
    ), freed as (
      update messages m set parked = null from due where ${KEY_IS('m.id', 'due.id')} returning m.sender_id
    )
    select coalesce(json_agg(sender_id), '[]') as out from freed`,
};

const WAITING: Statement<{ readonly id: string; readonly sender: string; readonly attempt: number }[]> = {
  name: 'waiting_for_template',
  text: `
    select coalesce(json_agg(json_build_object('id', id, 'sender', sender_id, 'attempt', attempt)), '[]') as out
    from (select id, sender_id, attempt from messages
      where run_at is null and parked = 'template' and template_id = $1::uuid and status = 10 limit ${PORTION}) w`,
};

export interface HeldTemplatesOptions {
  readonly store: Store;
  readonly settle: Pick<Settle, 'fail'>;
  readonly stateOf: (templateId: string) => TemplateState;
  /** Lanes that have work now. */
  readonly wake: (senderIds: Iterable<string>) => void;
}

/**
 * Messages whose template is paused wait outside the ready index until it may be sent again. A template that was
 * disabled or deleted ends them.
 */
export class HeldTemplates {
  readonly #options: HeldTemplatesOptions;
  /** Looks at all that wait; called when a template has changed, and now and then, since the news of it can be lost. */
  readonly look = onceMore(() => this.#look());

  constructor(options: HeldTemplatesOptions) {
    this.#options = options;
  }

  async #look(): Promise<void> {
    const { store, stateOf } = this.#options;
    for (const templateId of await store.run(WAITED_FOR, [])) {
      const state = stateOf(templateId);
      if (state === 'sendable') await this.#unpark(templateId);
      else if (state !== 'held') await this.#end(templateId, state);
    }
  }

  async #unpark(templateId: string): Promise<void> {
    const { store, wake } = this.#options;
    for (;;) {
      const senders = await store.run(UNPARK, [templateId]);
      wake(new Set(senders));
      if (senders.length < PORTION) return;
    }
  }

  async #end(templateId: string, failure: Failure): Promise<void> {
    const { store, settle } = this.#options;
    for (;;) {
      const waiting = await store.run(WAITING, [templateId]);
      await Promise.all(waiting.map(message => settle.fail(message, failure)));
      if (waiting.length < PORTION) return;
    }
  }
}
