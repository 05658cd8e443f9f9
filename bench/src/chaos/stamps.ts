/** A request to send as it entered the network, before anybody there could delay or refuse it. */
export interface Stamp {
  /** `performance.now()` */
  readonly at: number;
  readonly phoneNumberId: string;
  readonly to: string;
  /** `wb:<message id>:<attempt>` */
  readonly callback: string;
}

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** Reads the requests to send out of what connections carry: HTTP/1.1 with lengths, one after the other. */
export class Stamps {
  readonly all: Stamp[] = [];
  readonly #pending = new WeakMap<object, Buffer>();

  take(connection: object, data: Buffer): void {
    const at = performance.now();
    let rest = Buffer.concat([this.#pending.get(connection) ?? Buffer.alloc(0), data]);
    for (;;) {
      const head = rest.indexOf(END_OF_HEAD);
      if (head === -1) break;
      const text = rest.toString('latin1', 0, head);
      const length = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? 0);
      const end = head + END_OF_HEAD.length + length;
      if (rest.length < end) break;
      const phoneNumberId = /^POST \/v[\d.]+\/(\d+)\/messages /.exec(text)?.[1];
      if (phoneNumberId !== undefined) this.#stamp(at, phoneNumberId, rest.toString('utf8', head, end));
      rest = rest.subarray(end);
    }
    this.#pending.set(connection, rest);
  }

  #stamp(at: number, phoneNumberId: string, body: string): void {
    const to = /"to":"([^"]+)"/.exec(body)?.[1];
    const callback = /"biz_opaque_callback_data":"([^"]+)"/.exec(body)?.[1];
    if (to !== undefined && callback !== undefined) this.all.push({ at, phoneNumberId, to, callback });
  }
}

/**
 * The most requests of one number within any second.
 *
 * @param stamps in the order of their times
 */
export function busiestSecond(stamps: readonly Stamp[]): Map<string, number> {
  const windows = new Map<string, number[]>();
  const most = new Map<string, number>();
  for (const { at, phoneNumberId } of stamps) {
    const times = windows.get(phoneNumberId) ?? [];
    windows.set(phoneNumberId, times);
    times.push(at);
    while (times[0]! <= at - 1_000) times.shift();
    most.set(phoneNumberId, Math.max(most.get(phoneNumberId) ?? 0, times.length));
  }
  return most;
}

/** Meta: one message per 6 s between a number and a person, with 45 at once that borrow from the future (§8.1). */
const PAIR_GAP_MS = 6_000;
const PAIR_BURST = 45;

/** How many requests came while their pair's allowance was used up. */
export function pairViolations(stamps: readonly Stamp[]): number {
  const full = new Map<string, number>();
  let violations = 0;
  for (const { at, phoneNumberId, to } of stamps) {
    const pair = `${phoneNumberId} ${to}`;
    const until = Math.max(full.get(pair) ?? 0, at);
    // Time on its way counts for nobody.
    if (until - at > (PAIR_BURST - 1) * PAIR_GAP_MS + 1_000) violations++;
    full.set(pair, until + PAIR_GAP_MS);
  }
  return violations;
}
