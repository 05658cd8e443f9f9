import { isFields } from '../checks.ts';

/** How a receiver answers. Everything but `ok` and a 2xx is what a customer's endpoint does on a bad day. */
export type Behaviour = {
  /** How many requests are met so before it is `ok` again; null: all. */
  times: number | null;
  /** The part of the requests that are met so, spread evenly. */
  share: number;
} & Misbehaviour;

export type Misbehaviour =
  | { kind: 'ok' }
  | { kind: 'status'; status: number; retry_after?: string }
  /** 200 after a while */
  | { kind: 'slow'; ms: number }
  | { kind: 'hang' }
  /** `to` null: to itself, for ever */
  | { kind: 'redirect'; to: string | null; status: number }
  | { kind: 'close' };

export const OK: Behaviour = { kind: 'ok', times: null, share: 1 };

const KINDS = ['ok', 'status', 'slow', 'hang', 'redirect', 'close'] as const;
const REDIRECTS = [301, 302, 303, 307, 308];
/** No sender waits so long. */
const SLOW_MAX_MS = 10 * 60_000;

/** The behaviour that a request asks for, or a sentence about what is wrong with it. */
export function readBehaviour(value: unknown): Behaviour | string {
  if (!isFields(value)) return '"behaviour" must be an object with "kind".';
  const { kind: name, times = null, share = 1, ...own } = value;
  const kind = KINDS.find(each => each === name);
  if (kind === undefined) return `"behaviour.kind" must be one of ${KINDS.join(', ')}.`;
  if (times !== null && !isWhole(times, 1, Number.MAX_SAFE_INTEGER)) {
    return '"behaviour.times" must be a whole number, 1 or more, or null.';
  }
  if (typeof share !== 'number' || !(share > 0 && share <= 1)) {
    return '"behaviour.share" must be a number above 0 and up to 1.';
  }
  const read = readOwn(kind, own);
  return typeof read === 'string' ? read : { ...read, times, share };
}

function readOwn(kind: Misbehaviour['kind'], own: Record<string, unknown>): Misbehaviour | string {
  const { status, retry_after, ms, to, ...others } = own;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `"behaviour" knows no "${unknown}".`;
  switch (kind) {
    case 'ok':
    case 'hang':
    case 'close':
      return { kind };
    case 'status': {
      if (!isWhole(status, 200, 599)) return '"behaviour.status" must be an HTTP status from 200 to 599.';
      if (retry_after === undefined || retry_after === null) return { kind, status };
      const text = String(retry_after);
      // Seconds or a date; anything else that may stand in a header lets a sender show what it makes of nonsense.
      if (!/^[\x20-\x7e]{1,100}$/.test(text)) {
        return '"behaviour.retry_after" must be seconds or a date, as in the header Retry-After.';
      }
      return { kind, status, retry_after: text };
    }
    case 'slow':
      return isWhole(ms, 0, SLOW_MAX_MS)
        ? { kind, ms }
        : `"behaviour.ms" must be a whole number of milliseconds, at most ${SLOW_MAX_MS}.`;
    case 'redirect': {
      const code = status ?? 302;
      if (typeof code !== 'number' || !REDIRECTS.includes(code)) {
        return `"behaviour.status" of a redirect must be one of ${REDIRECTS.join(', ')}.`;
      }
      if (to === undefined || to === null) return { kind, to: null, status: code };
      const address = typeof to === 'string' ? URL.parse(to) : null;
      return address !== null && /^https?:$/.test(address.protocol)
        ? { kind, to: address.href, status: code }
        : '"behaviour.to" must be an http or https URL, or null for the receiver itself.';
    }
  }
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most;
}

/** A receiver's behaviour from request to request. */
export class Conduct {
  #behaviour: Behaviour = OK;
  /** Requests since it was set. */
  #asked = 0;

  get behaviour(): Behaviour {
    return this.#behaviour;
  }

  set(behaviour: Behaviour): void {
    this.#behaviour = behaviour;
    this.#asked = 0;
  }

  /** How the next request is met. */
  next(): Misbehaviour {
    const { times, share } = this.#behaviour;
    const before = Math.floor(this.#asked * share);
    // One in four is the fourth, the eighth and so on: a test can count on it.
    if (Math.floor(++this.#asked * share) === before) return OK;
    const met = this.#behaviour;
    if (times === 1) this.#behaviour = OK;
    else if (times !== null) this.#behaviour = { ...met, times: times - 1 };
    return met;
  }
}
