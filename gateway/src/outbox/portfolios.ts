import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import { onceMore } from './once-more.ts';
import { CALL, type Called, CROWDED, FORGET_PEOPLE, type LinePlace } from './places.ts';

/** The senders of one workspace with one WhatsApp Business account. */
export interface Portfolio {
  readonly workspaceId: string;
  readonly wabaId: string;
}

export interface PeopleLimit extends Portfolio {
  /** To so many it may write in 24 hours. */
  readonly people: number;
}

export interface PortfoliosOptions {
  readonly store: Store;
  readonly clock: Pick<Clock, 'now'>;
  /** To how many people it may write in 24 hours; undefined when there is no limit, or none is known. */
  readonly limitOf: (portfolio: Portfolio) => number | undefined;
  /** Lanes that have work now. */
  readonly wake: (senderIds: Iterable<string>) => void;
}

const FRONT: LinePlace = { priority: -1, seq: '0' };

/** People whose day is over are deleted in so many portions at a look; what is left comes with the next one. */
const FORGET_PORTIONS = 10;

/**
 * Messages that wait for a place in their portfolio go on when one is free: the day of somebody is over, or Meta has
 * raised the limit. Safe on every node at once.
 */
export class Portfolios {
  readonly #options: PortfoliosOptions;
  /** Where in each line those are looked for who need no place any more. */
  readonly #walks = new Map<string, LinePlace>();
  /** Looks at all that wait; called every few seconds, and when a limit may have changed. */
  readonly look = onceMore(() => this.#look());

  constructor(options: PortfoliosOptions) {
    this.#options = options;
  }

  /** Portfolios without senders are forgotten, when nobody is counted in them any more. */
  async tidy(): Promise<void> {
    await this.#options.store.db
      .deleteFrom('portfolios as p')
      .where('used', '=', 0)
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('senders')
              .whereRef('senders.workspace_id', '=', 'p.workspace_id')
              .whereRef('senders.waba_id', '=', 'p.waba_id'),
          ),
        ),
      )
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('portfolio_waiting as w')
              .whereRef('w.workspace_id', '=', 'p.workspace_id')
              .whereRef('w.waba_id', '=', 'p.waba_id'),
          ),
        ),
      )
      .execute();
  }

  async #look(): Promise<void> {
    const { store, limitOf } = this.#options;
    await this.#forget();
    const crowded = await store.run(CROWDED, []);
    for (const { workspace, waba } of crowded) {
      const portfolio = { workspaceId: workspace, wabaId: waba };
      const limit = limitOf(portfolio);
      await this.#callFront(portfolio, limit);
      await this.#walk(portfolio, limit);
    }
    const lines = new Set(crowded.map(({ workspace, waba }) => `${workspace} ${waba}`));
    for (const line of this.#walks.keys()) if (!lines.has(line)) this.#walks.delete(line);
  }

  async #forget(): Promise<void> {
    const { store, clock } = this.#options;
    for (let portion = 0; portion < FORGET_PORTIONS; portion++) {
      if ((await store.run(FORGET_PEOPLE, [clock.now().toISOString()])) === 0) return;
    }
  }

  /** Gives the places that are free to those in front. */
  async #callFront(portfolio: Portfolio, limit: number | undefined): Promise<void> {
    for (;;) {
      const called = await this.#call(portfolio, limit, FRONT, false);
      if (called.last === null || called.gone === 0) return;
    }
  }

  /** Behind the front are some who need no place any more, and rows of messages that have ended. */
  async #walk(portfolio: Portfolio, limit: number | undefined): Promise<void> {
    const line = `${portfolio.workspaceId} ${portfolio.wabaId}`;
    const { last } = await this.#call(portfolio, limit, this.#walks.get(line) ?? FRONT, true);
    if (last === null) this.#walks.delete(line);
    else this.#walks.set(line, last);
  }

  async #call(
    { workspaceId, wabaId }: Portfolio,
    limit: number | undefined,
    after: LinePlace,
    walks: boolean,
  ): Promise<Called> {
    const { store, clock, wake } = this.#options;
    const { priority, seq } = after;
    const called = await store.run(CALL, [
      workspaceId,
      wabaId,
      limit === undefined ? '' : String(limit),
      clock.now().toISOString(),
      String(priority),
      seq,
      String(walks),
    ]);
    if (called.woken.length > 0) wake(called.woken);
    return called;
  }
}
