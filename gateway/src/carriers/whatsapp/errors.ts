import type { Failure, FailureTrace } from '../../message/failure.ts';
import { type ErrorCode, errorCode } from './error-codes.ts';

/** A code that nobody knows, or an answer without one, with a 5xx. */
const WAIT = {
  outcome: 'retry',
  retry: { kind: 'backoff', tries: 3 },
  remedy: 'Nothing to do: it is tried again.',
} as const;

/** The body of Meta's error, as far as it is read. */
export interface GraphError {
  readonly code: number;
  readonly message?: string | undefined;
  readonly title?: string | undefined;
  readonly details?: string | undefined;
  readonly trace?: FailureTrace | undefined;
}

/**
 * Meta's error as a failure with its policy. Unknown codes end the message when the HTTP status is 4xx and are tried
 * three more times when it is 5xx.
 *
 * @param httpStatus undefined when the error came by webhook: then nothing is left to retry
 */
export function fromGraphError(error: GraphError, httpStatus: number | undefined): Failure {
  const known = errorCode(error.code);
  const policy = known === undefined ? unknownPolicy(httpStatus) : policyOf(known);
  const title = (error.title ?? error.message ?? 'WhatsApp error').replace(/^\(#\d+\)\s*/, '');
  return {
    code: String(error.code),
    title,
    ...(error.details === undefined || error.details === title ? {} : { detail: error.details }),
    ...(httpStatus === undefined ? { outcome: 'final', remedy: policy.remedy } : policy),
    source: 'meta',
    ...(error.trace === undefined ? {} : { trace: error.trace }),
  };
}

type Policy = Pick<Failure, 'outcome' | 'retry' | 'hold' | 'remedy'>;

function policyOf({ outcome, retry, holds, remedy }: ErrorCode): Policy {
  return {
    outcome,
    ...(retry === undefined ? {} : { retry }),
    // An account waits number by number; a template is the outbox's to ask about.
    ...(holds === 'pair' ? { hold: 'pair' } : outcome === 'hold' ? { hold: 'sender' } : {}),
    remedy,
  };
}

function unknownPolicy(httpStatus: number | undefined): Policy {
  if (httpStatus !== undefined && httpStatus >= 500) return WAIT;
  return { outcome: 'final', remedy: 'Look the code up in Meta’s list of Cloud API errors.' };
}

/** An answer without Meta's envelope: something between us and Meta spoke. */
export function fromBareStatus(status: number): Failure {
  const common = {
    code: `http_${status}`,
    title: `HTTP ${status} from the Graph API`,
    source: 'network',
  } as const;
  if (status === 429) {
    return {
      ...common,
      outcome: 'hold',
      hold: 'sender',
      retry: { kind: 'after', ms: 5_000 },
      remedy: 'Nothing to do: sending slows down for a moment.',
    };
  }
  // A gateway that gave up waiting does not know whether Meta took the message.
  if (status === 502 || status === 504)
    return {
      ...common,
      outcome: 'unknown',
      remedy: 'Nothing to do: a status tells, or the deadline decides.',
    };
  if (status >= 500) return { ...common, ...WAIT };
  return { ...common, outcome: 'final', remedy: 'Check the Graph API address of the sender.' };
}

/** Errors of undici, Node's sockets and TLS that prove that the request never left. */
const NEVER_LEFT =
  /^(ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EAI_FAIL|EHOSTUNREACH|ENETUNREACH|ENETDOWN|EADDRNOTAVAIL|UND_ERR_CONNECT_TIMEOUT|ERR_TLS_.*|CERT_.*|UNABLE_TO_.*|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|ERR_SSL_.*)$/;

export function fromNetworkError(error: unknown): Failure {
  const code = nodeCode(error);
  const message = error instanceof Error ? error.message : String(error);
  // A token or an address that cannot even be put into a request; the message itself is fine.
  if (code === 'UND_ERR_INVALID_ARG' || code === 'REFUSED_ADDRESS') {
    return {
      code,
      title: 'The sender’s token or Graph API address cannot be used',
      detail: message,
      outcome: 'hold',
      hold: 'sender',
      neverLeft: true,
      remedy: 'Give the sender a valid access token and a public graph_url.',
      source: 'network',
    };
  }
  if (NEVER_LEFT.test(code)) {
    return {
      neverLeft: true,
      code,
      title: 'The Graph API could not be reached',
      detail: message,
      outcome: 'retry',
      retry: { kind: 'after', ms: 5_000 },
      remedy: 'Check the network between Wirebird and the Graph API.',
      source: 'network',
    };
  }
  return {
    code,
    title: 'The Graph API did not answer',
    detail: message,
    outcome: 'unknown',
    remedy: 'Nothing to do: a status tells whether it was sent, or the deadline decides.',
    source: 'network',
  };
}

function nodeCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return code;
  // Happy eyeballs: all addresses failed, each with its own error.
  if (error instanceof AggregateError && error.errors.length > 0) return nodeCode(error.errors[0]);
  return error.cause === undefined ? error.name : nodeCode(error.cause);
}
