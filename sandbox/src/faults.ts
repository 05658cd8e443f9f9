import { isFields } from './checks.ts';
import { isMetaCode } from './graph/codes.ts';
import { isE164 } from './number.ts';

/** Where in the life of a send a fault acts. One of each may act on the same message. */
export type Phase = 'line' | 'refusal' | 'answer' | 'statuses';

const PHASES = {
  /** the connection is reset before anything is accepted */
  drop: 'line',
  http_500: 'line',
  http_503: 'line',
  /** the token is refused (190) */
  token: 'line',
  /** refused at once with `code` */
  refuse: 'refusal',
  /** accepted, then silence */
  timeout: 'answer',
  /** accepted, then the connection is reset */
  reset: 'answer',
  /** accepted, then `failed` with `code` by webhook */
  fail: 'statuses',
  no_status: 'statuses',
  late: 'statuses',
  reordered: 'statuses',
  duplicated: 'statuses',
  read_without_delivered: 'statuses',
} as const satisfies Record<string, Phase>;

export type FaultKind = keyof typeof PHASES;

/** How one message is to be treated in one phase. */
export interface Misbehaviour {
  kind: FaultKind;
  /** Meta's code, for `refuse` and `fail` */
  code: number;
  /** What Meta says of the failure; absent when the sandbox was asked for it. */
  details?: string;
}

export interface Fault extends Misbehaviour {
  id: string;
  match: { to?: string; phone_number_id?: string };
  /** How many messages it still acts on; null without end. */
  times: number | null;
}

/**
 * `+15551` refuses and `+15552` fails with the six-digit code that follows. Where that is no code of Meta's,
 * as in the well-known +15551234567, the phone is an ordinary one.
 */
const BY_CODE = /^\+1555([12])(\d{6})$/;

/** The numbers whose phones misbehave; every other phone is an ordinary one. */
const BY_NUMBER: Record<string, FaultKind> = {
  '+15553000001': 'no_status',
  '+15553000002': 'timeout',
  '+15553000003': 'reset',
  '+15553000004': 'late',
  '+15553000005': 'reordered',
  '+15553000006': 'duplicated',
  '+15553000007': 'read_without_delivered',
};

/** Faults asked for by tests, and those that lie in a recipient's number. */
export class Faults {
  #faults: Fault[] = [];
  #count = 0;

  all(): Fault[] {
    return this.#faults;
  }

  clear(): void {
    this.#faults = [];
  }

  /** Adds a fault as a request describes it; returns it, or a sentence about what is wrong with the request. */
  add(request: unknown): Fault | string {
    if (!isFields(request)) return 'The body must be a JSON object.';
    const { match = {}, kind, code, times = null } = request;
    if (typeof kind !== 'string' || !Object.hasOwn(PHASES, kind)) {
      return `There is no fault of the kind "${String(kind)}". There are: ${Object.keys(PHASES).join(', ')}.`;
    }
    const needsCode = kind === 'refuse' || kind === 'fail';
    if (needsCode ? !isCount(code, 0) : code !== undefined) {
      return needsCode
        ? `A fault of the kind "${kind}" needs "code", a Meta error code.`
        : `A fault of the kind "${kind}" takes no "code".`;
    }
    if (times !== null && !isCount(times, 1)) return '"times" must be a whole number, 1 or more.';
    const wrongMatch = checkMatch(match);
    if (wrongMatch !== undefined) return wrongMatch;
    const fault: Fault = {
      id: `fault_${++this.#count}`,
      match: match as Fault['match'],
      kind: kind as FaultKind,
      code: needsCode ? (code as number) : 0,
      times: times as number | null,
    };
    this.#faults.push(fault);
    return fault;
  }

  /** What is to go wrong with a message in a phase; an asked-for fault goes before the number's own. */
  take(phase: Phase, to: string | undefined, phoneNumberId: string): Misbehaviour | undefined {
    for (const fault of this.#faults) {
      if (PHASES[fault.kind] !== phase) continue;
      if (fault.match.to !== undefined && fault.match.to !== to) continue;
      if (fault.match.phone_number_id !== undefined && fault.match.phone_number_id !== phoneNumberId)
        continue;
      if (fault.times !== null && --fault.times === 0) {
        this.#faults = this.#faults.filter(other => other !== fault);
      }
      return fault;
    }
    const own = to === undefined ? undefined : behaviourOf(to);
    return own !== undefined && PHASES[own.kind] === phase ? own : undefined;
  }
}

function behaviourOf(to: string): Misbehaviour | undefined {
  if (!to.startsWith('+1555')) return undefined;
  const coded = BY_CODE.exec(to);
  if (coded !== null) {
    const code = Number(coded[2]);
    return isMetaCode(code) ? { kind: coded[1] === '1' ? 'refuse' : 'fail', code } : undefined;
  }
  const kind = BY_NUMBER[to];
  return kind && { kind, code: 0 };
}

function checkMatch(match: unknown): string | undefined {
  if (!isFields(match)) return '"match" must be an object with "to", "phone_number_id" or nothing.';
  const { to, phone_number_id, ...others } = match;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return `"match" knows "to" and "phone_number_id", not "${unknown}".`;
  if (to !== undefined && (typeof to !== 'string' || !isE164(to))) {
    return '"match.to" must be a phone number in E.164, such as "+15550001234".';
  }
  if (phone_number_id !== undefined && typeof phone_number_id !== 'string') {
    return '"match.phone_number_id" must be a string.';
  }
  return undefined;
}

function isCount(value: unknown, least: number): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= least;
}
