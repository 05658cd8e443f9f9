import { type Failure, type StoredFailure, SUPPRESSED_CODES } from '../../message/failure.ts';
import { newId } from '../../message/id.ts';
import { type HttpProblem, KEY_PROBLEMS, QUEUE_RETRY_S, queueFull, type Refusal } from '../../problem.ts';

/** YCloud's catalogue, as far as it is used here (ycloud §4). */
export type Code =
  | 'BAD_REQUEST'
  | 'PARAM_INVALID'
  | 'PARAM_INVALID_LENGTH'
  | 'PARAM_MISSING'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'RECIPIENT_UNSUBSCRIBED'
  | 'RECIPIENT_IN_BLOCK_LIST'
  | 'WHATSAPP_PHONE_NUMBER_UNAVAILABLE'
  | 'WHATSAPP_WABA_UNAVAILABLE'
  | 'WHATSAPP_TEMPLATE_UNAVAILABLE'
  | 'WHATSAPP_TEMPLATE_UNEDITABLE'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'CONTENT_TOO_LARGE'
  | 'TOO_MANY_REQUESTS'
  | 'SENDER_RATE_LIMITED'
  | 'INTERNAL_SERVER_ERROR'
  | 'SERVICE_UNAVAILABLE';

/** One thing that is wrong with a request. */
export interface Fault {
  readonly status: number;
  readonly code: Code;
  readonly message: string;
  /** The field or the parameter, with dots. */
  readonly target?: string | undefined;
}

/** Meta's error as YCloud shows it: its numbers are text. */
export interface WireApiError {
  readonly message: string;
  readonly code: string;
  readonly type?: string;
  readonly error_subcode?: string;
  readonly fbtrace_id?: string;
  readonly error_data?: Readonly<Record<string, string>>;
}

/** The header that names a request, in every answer; a refusal has it in its body too (ycloud §3). */
export const REQUEST_ID = 'ycloud-request-id';

export function newRequestId(): string {
  return `req_${newId().replaceAll('-', '')}`;
}

/** YCloud's envelope; `status` and `code` are required (ycloud §4). */
export function refuseFault(
  { status, code, message, target }: Fault,
  more: {
    readonly headers?: Readonly<Record<string, string>> | undefined;
    readonly whatsappApiError?: WireApiError | undefined;
  } = {},
): Refusal {
  const requestId = newRequestId();
  return {
    status,
    headers: { [REQUEST_ID]: requestId, ...more.headers },
    body: {
      error: {
        status,
        code,
        message,
        ...(target === undefined ? {} : { target }),
        requestId,
        ...(more.whatsappApiError === undefined ? {} : { whatsappApiError: more.whatsappApiError }),
      },
    },
  };
}

/** What no route of this dialect answers, and what goes wrong below one. */
export function refuse(problem: HttpProblem): Refusal {
  const headers: Record<string, string> = {};
  if (problem.kind === 'overloaded') headers['retry-after'] = String(problem.retryAfterSeconds);
  if (problem.kind === 'queue_full') headers['retry-after'] = String(QUEUE_RETRY_S);
  if (problem.kind === 'method_not_allowed') headers.allow = problem.allowed.join(', ');
  return refuseFault(faultOf(problem), { headers });
}

function faultOf(problem: HttpProblem): Fault {
  const fault = (status: number, code: Code, message: string): Fault => ({ status, code, message });
  switch (problem.kind) {
    case 'unauthenticated':
      return fault(401, 'UNAUTHORIZED', 'The API key in X-API-Key is missing or not known.');
    case 'forbidden':
      return fault(403, 'FORBIDDEN', `The API key lacks the scope "${problem.scope}".`);
    case 'not_found':
      return fault(404, 'NOT_FOUND', `Wirebird does not serve ${problem.method} ${problem.path}.`);
    case 'method_not_allowed':
      return fault(404, 'NOT_FOUND', `Wirebird serves this path for ${problem.allowed.join(', ')} only.`);
    case 'malformed_json':
      return fault(400, 'BAD_REQUEST', problem.message);
    case 'unsupported_media_type':
      return fault(400, 'BAD_REQUEST', 'The body must be JSON, with Content-Type: application/json.');
    case 'too_large':
      return fault(413, 'CONTENT_TOO_LARGE', `The body has more than ${problem.limit} bytes.`);
    case 'bad_request':
      return fault(400, 'BAD_REQUEST', problem.message);
    case 'overloaded':
      return fault(503, 'SERVICE_UNAVAILABLE', 'Too much waits to be stored. Try again soon.');
    case 'queue_full':
      return fault(429, 'SENDER_RATE_LIMITED', queueFull(problem.limit));
    case 'idempotency_key': {
      const [status, message] = KEY_PROBLEMS[problem.why];
      return fault(status, status === 409 ? 'ALREADY_EXISTS' : 'BAD_REQUEST', message);
    }
    case 'internal':
      return fault(
        500,
        'INTERNAL_SERVER_ERROR',
        `Something went wrong here. Reference: ${problem.reference}.`,
      );
  }
}

/** Meta's error in YCloud's words; undefined for a failure that is not Meta's. */
export function apiErrorOf({ code, title, detail, trace, source }: StoredFailure): WireApiError | undefined {
  // Found here, in Meta's own codes: Meta was not asked (ycloud §4).
  if (!isMetas(code) || source === 'wirebird') return undefined;
  return {
    message: `(#${code}) ${title}`,
    code,
    type: trace?.type ?? 'OAuthException',
    ...(trace?.subcode === undefined ? {} : { error_subcode: trace.subcode }),
    ...(trace?.id === undefined ? {} : { fbtrace_id: trace.id }),
    ...(detail === undefined ? {} : { error_data: { messaging_product: 'whatsapp', details: detail } }),
  };
}

/** `errorCode` and `errorMessage` of a message that failed (ycloud §7): Meta's number as text, or a word of YCloud's. */
export function errorOf(failure: StoredFailure): {
  readonly errorCode: string;
  readonly errorMessage: string;
} {
  const { code, title, detail } = failure;
  if (isMetas(code)) return { errorCode: code, errorMessage: `(#${code}) ${title}` };
  const errorMessage = detail === undefined ? `${title}.` : `${title}: ${detail}`;
  return { errorCode: WORDS[code] ?? 'INTERNAL_SERVER_ERROR', errorMessage };
}

const WORDS: Readonly<Record<string, Code>> = {
  [SUPPRESSED_CODES.blocked]: 'RECIPIENT_IN_BLOCK_LIST',
  [SUPPRESSED_CODES.unsubscribed]: 'RECIPIENT_UNSUBSCRIBED',
  [SUPPRESSED_CODES.stopped]: 'RECIPIENT_UNSUBSCRIBED',
  [SUPPRESSED_CODES.marketing]: 'RECIPIENT_UNSUBSCRIBED',
  expired: 'SENDER_RATE_LIMITED',
  canceled: 'SENDER_RATE_LIMITED',
  sender_gone: 'WHATSAPP_PHONE_NUMBER_UNAVAILABLE',
};

function isMetas(code: string): boolean {
  return /^\d+$/.test(code);
}

/** The HTTP status of each refusal of Meta's that has one (ycloud §4, "HTTP by Meta code"). */
const STATUS_BY_CODE = new Map<string, number>(
  (
    [
      [429, '131056 130429 80007 4'],
      [401, '190'],
      [403, '200 131005'],
      [500, '1 131057'],
    ] as const
  ).flatMap(([status, codes]) => codes.split(' ').map(code => [code, status] as const)),
);

const CODE_BY_STATUS: Readonly<Record<number, Code>> = {
  429: 'TOO_MANY_REQUESTS',
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  500: 'INTERNAL_SERVER_ERROR',
};

/** Meta: the template does not exist in the language, or is not approved; is paused; is disabled (meta-cloud-api §4). */
const TEMPLATE_CODES: readonly string[] = ['132001', '132015', '132016'];

/** Meta's answer to a send or to a question, given back to whoever waits for it (ycloud §4). */
export function refuseFailure(failure: Failure | StoredFailure): Refusal {
  const { code, detail } = failure;
  const word = WORDS[code];
  const said = errorOf(failure).errorMessage;
  if (word === 'RECIPIENT_UNSUBSCRIBED' || word === 'RECIPIENT_IN_BLOCK_LIST' || code === 'sender_gone')
    return refuseFault({ status: 403, code: word ?? 'FORBIDDEN', message: said });
  if (word !== undefined) return refuseFault({ status: 429, code: word, message: said });
  if (TEMPLATE_CODES.includes(code) && failure.source === 'wirebird')
    return refuseFault({
      status: 403,
      code: 'WHATSAPP_TEMPLATE_UNAVAILABLE',
      message: said,
      target: 'template',
    });
  const whatsappApiError = apiErrorOf(failure);
  if (whatsappApiError === undefined)
    return refuseFault({
      status: failure.source === 'wirebird' ? 400 : 503,
      code: failure.source === 'wirebird' ? 'BAD_REQUEST' : 'SERVICE_UNAVAILABLE',
      message: isMetas(code) && detail !== undefined ? `${said}: ${detail}` : said,
    });
  const status = STATUS_BY_CODE.get(code) ?? 400;
  return refuseFault(
    {
      status,
      code: CODE_BY_STATUS[status] ?? 'BAD_REQUEST',
      message: whatsappApiError.message,
      target: 'whatsappApiError',
    },
    { whatsappApiError },
  );
}
