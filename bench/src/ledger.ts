import { call } from './call.ts';

/** One request that reached the network. */
export interface LedgerRow {
  readonly seq: number;
  readonly at: string;
  /** null when the network refused or dropped it: then nobody got a message. */
  readonly wamid: string | null;
  readonly to: string | null;
  readonly callback: string | null;
  readonly outcome: string;
}

/** The network keeps a million rows; a page of them is a few megabytes. */
const PAGE = 10_000;

/** What the network has seen, read on from where it was read before. */
export class Ledger {
  readonly #url: string;
  #after = 0;
  /** Rows by the message id in their callback data. */
  readonly byMessage = new Map<string, LedgerRow[]>();
  /** Rows by the recipient's number. */
  readonly byRecipient = new Map<string, LedgerRow[]>();
  /** What was not taken, by outcome. */
  readonly refused = new Map<string, number>();

  constructor(networkUrl: string) {
    this.#url = `${networkUrl}/sandbox/ledger`;
  }

  /** Only messages that somebody got are filed; requests that the network refused are counted. */
  async read(): Promise<void> {
    for (;;) {
      const page = await call<{ data: LedgerRow[]; next: number | null }>(
        'GET',
        `${this.#url}?after=${this.#after}&limit=${PAGE}`,
      );
      for (const row of page.data) this.#file(row);
      this.#after = page.data.at(-1)?.seq ?? this.#after;
      if (page.next === null) return;
    }
  }

  /** How often this message left, and reached somebody. */
  sends(messageId: string): number {
    return this.byMessage.get(messageId)?.length ?? 0;
  }

  #file(row: LedgerRow): void {
    if (row.wamid === null) {
      this.refused.set(row.outcome, (this.refused.get(row.outcome) ?? 0) + 1);
      return;
    }
    const id = /^wb:([^:]+):\d+$/.exec(row.callback ?? '')?.[1];
    if (id !== undefined) file(this.byMessage, id, row);
    if (row.to !== null) file(this.byRecipient, row.to, row);
  }
}

function file(rows: Map<string, LedgerRow[]>, key: string, row: LedgerRow): void {
  const known = rows.get(key);
  if (known === undefined) rows.set(key, [row]);
  else known.push(row);
}
