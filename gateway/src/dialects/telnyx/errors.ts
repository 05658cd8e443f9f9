import { type Failure, type StoredFailure, SUPPRESSED_CODES, storedFailure } from '../../message/failure.ts';
import { type HttpProblem, KEY_PROBLEMS, QUEUE_RETRY_S, queueFull, type Refusal } from '../../problem.ts';

/** Telnyx's codes that are used here, with its own titles (telnyx §8). */
const TITLES = {
  '10003': 'Invalid URL',
  '10004': 'Missing required parameter',
  '10005': 'Resource not found',
  '10007': 'Unexpected error',
  '10009': 'Authentication failed',
  '10010': 'Authorization failed',
  '10011': 'Too many requests',
  '10015': 'Bad Request',
  '10016': 'Phone number must be in +E.164 format',
  '10023': 'Invalid JSON',
  '10025': 'String length out of range',
  '10026': 'Invalid parameter type',
  '10027': 'Unprocessable Entity',
  '10029': 'Expected JSON Content-Type',
  '10030': 'Method not allowed',
  '10032': 'Invalid enumerated value',
  '10033': 'Value outside of allowed range',
  '10036': 'Conflict',
  '10037': 'Service unavailable',
  '40008': 'Undeliverable',
  '40014': 'Message expired in queue',
  '40300': 'Blocked due to STOP message',
  '40305': "Invalid 'from' address",
  '40309': 'Destination region not whitelisted',
  '40312': 'Messaging profile is disabled',
  '41000': 'WhatsApp Error',
} as const;

export type Code = keyof typeof TITLES;

/** One thing that is wrong with a request. */
export interface Fault {
  readonly code: Code;
  readonly detail: string;
  /** RFC 6901, into the request body. */
  readonly pointer?: string;
  /** Of the query, or a part of the path. */
  readonly parameter?: string;
}

/** One entry of Telnyx's `errors`. */
export interface WireError {
  readonly code: Code;
  readonly title: string;
  readonly detail: string;
  readonly source?: { readonly pointer: string } | { readonly parameter: string };
  readonly meta: Readonly<Record<string, unknown>>;
}

function wireError(fault: Fault, meta: Readonly<Record<string, unknown>> = {}): WireError {
  const { code, detail, pointer, parameter } = fault;
  return {
    code,
    title: TITLES[code],
    detail,
    ...(pointer === undefined ? {} : { source: { pointer } }),
    ...(parameter === undefined ? {} : { source: { parameter } }),
    meta: { url: `https://developers.telnyx.com/docs/overview/errors/${code}`, ...meta },
  };
}

/** A request that cannot be obeyed, with everything that is wrong with it. */
export function refuseFaults(status: number, faults: readonly Fault[]): Refusal {
  return { status, body: { errors: faults.map(fault => wireError(fault)) } };
}

/** What no route of this dialect answers, and what goes wrong below one. */
export function refuse(problem: HttpProblem): Refusal {
  const { status, code, detail, headers, meta } = describe(problem);
  return { status, headers, body: { errors: [wireError({ code, detail }, meta)] } };
}

interface Description {
  readonly status: number;
  readonly code: Code;
  readonly detail: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly meta?: Readonly<Record<string, unknown>>;
}

function describe(problem: HttpProblem): Description {
  switch (problem.kind) {
    case 'unauthenticated':
      return {
        status: 401,
        code: '10009',
        detail: 'The API key is missing or not known. Send it as "Authorization: Bearer <key>".',
        headers: { 'www-authenticate': 'Bearer' },
      };
    case 'forbidden':
      return { status: 403, code: '10010', detail: `The API key lacks the scope "${problem.scope}".` };
    case 'not_found':
      return {
        status: 404,
        code: '10005',
        detail: `Wirebird does not serve ${problem.method} ${problem.path}.`,
      };
    case 'method_not_allowed':
      return {
        status: 405,
        code: '10030',
        detail: `${problem.method} is not served here, only ${problem.allowed.join(', ')}.`,
        headers: { allow: problem.allowed.join(', ') },
      };
    case 'malformed_json':
      return { status: 400, code: '10023', detail: problem.message };
    case 'unsupported_media_type':
      return {
        status: 415,
        code: '10029',
        detail: `The body must be JSON, sent with "Content-Type: application/json"${problem.given === undefined ? '' : `, not "${problem.given}"`}.`,
      };
    case 'too_large':
      return { status: 413, code: '10015', detail: `The body has more than ${problem.limit} bytes.` };
    case 'bad_request':
      return { status: 400, code: '10015', detail: problem.message };
    case 'overloaded':
      return {
        status: 503,
        code: '10037',
        detail: 'Too much waits to be stored. Try again soon.',
        // The package repeats a POST by itself; where the message may be stored all the same, it must not (§11).
        headers: {
          'retry-after': String(problem.retryAfterSeconds),
          'x-should-retry': String(!problem.inDoubt),
        },
      };
    case 'queue_full':
      return {
        status: 429,
        code: '10011',
        detail: queueFull(problem.limit),
        headers: { 'retry-after': String(QUEUE_RETRY_S) },
      };
    case 'idempotency_key': {
      const [status, detail] = KEY_PROBLEMS[problem.why];
      // The package repeats a 409: soon the key has its answer.
      if (problem.why === 'running')
        return { status, code: '10036', detail, headers: { 'retry-after': '1' } };
      return { status, code: problem.why === 'reused' ? '10027' : '10015', detail };
    }
    case 'internal':
      return {
        status: 500,
        code: '10007',
        detail: `Something went wrong here. The log has it under ${problem.reference}.`,
        // The message may be stored already, and the official client repeats a POST after any 5xx (telnyx §11).
        headers: { 'x-should-retry': 'false' },
        meta: { reference: problem.reference },
      };
  }
}

/** Meta: template does not exist in the language, is paused, is disabled; Telnyx has 40008 for these (telnyx §8). */
const TEMPLATE_UNUSABLE: ReadonlySet<string> = new Set(['132001', '132015', '132016']);

/** The recipient does not want it (telnyx §8). */
const UNWANTED: ReadonlySet<string> = new Set(Object.values(SUPPRESSED_CODES));

/**
 * Why a message failed, as an entry of its `errors`: Meta's own code and words in the detail, where Telnyx's page
 * promises them; failures that are not Meta's are under the same code with what there is to say. What is found here
 * before Meta is asked has Meta's code too.
 *
 * @param pointer into the body: the recipient of a message that is on its way, the message of one that is refused
 */
export function failureError(failure: StoredFailure, pointer = '/to/0'): WireError {
  const { code, title, detail, remedy } = failure;
  const isMetas = /^\d+$/.test(code);
  const meta = {
    ...(isMetas ? { whatsapp_error_code: code } : { wirebird_error_code: code }),
    ...(detail === undefined ? {} : { error_user_msg: detail }),
    ...(remedy === undefined ? {} : { remedy }),
  };
  return wireError(
    {
      code: codeOf(code),
      detail: isMetas ? `(#${code}) ${title}` : title,
      pointer,
    },
    meta,
  );
}

function codeOf(code: string): Code {
  if (UNWANTED.has(code)) return '40300';
  return TEMPLATE_UNUSABLE.has(code) ? '40008' : '41000';
}

/** A send that WhatsApp, or its recipient, would not take, found before it was stored (telnyx §8). */
export function refuseSend(failure: Failure): Refusal {
  if (UNWANTED.has(failure.code)) {
    const errors = [failureError(storedFailure(failure), '/to')];
    return { status: 409, headers: { 'x-should-retry': 'false' }, body: { errors } };
  }
  return { status: 400, body: { errors: [failureError(storedFailure(failure), '/whatsapp_message')] } };
}

/**
 * A message that cannot be cancelled. Telnyx's specification declares one error here where its other answers have a
 * list (telnyx §3, row 3): readers of either find theirs.
 */
export function refuseCancel(status: 403 | 404, fault: Fault): Refusal {
  const error = wireError(fault);
  return { status, body: { ...error, errors: [error] } };
}

/**
 * Meta refused what a route asked it for, or could not be asked: its own words under the code that Telnyx's page names.
 * A retry by the package could do the same thing twice, so it is told not to.
 */
export function refuseFailure(failure: Failure, code: Code): Refusal {
  const { title, detail, source, outcome, remedy } = failure;
  if (source === 'meta' && outcome !== 'retry') {
    const { detail: said, meta } = failureError(failure);
    return { status: 400, body: { errors: [wireError({ code, detail: said }, { ...meta })] } };
  }
  return {
    status: 503,
    headers: { 'x-should-retry': 'false' },
    body: {
      errors: [
        wireError(
          { code: '10037', detail: `WhatsApp could not be asked: ${title}${detail ? ` (${detail})` : ''}.` },
          { remedy },
        ),
      ],
    },
  };
}

/** A message whose validity ended in the queue. */
export const EXPIRED: WireError = wireError({
  code: '40014',
  detail: 'The message could not be handed to WhatsApp before its validity ended.',
  pointer: '/to/0',
});
