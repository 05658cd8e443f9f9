import type { Failure } from '../../message/failure.ts';

type Policy = Pick<Failure, 'outcome' | 'retry' | 'hold' | 'remedy'>;

/** Meta's advice for passing faults: three more tries with growing pauses, then the message fails. */
const BACKOFF: Pick<Policy, 'outcome' | 'retry'> = { outcome: 'retry', retry: { kind: 'backoff', tries: 3 } };

const TOKEN: Policy = { outcome: 'hold', hold: 'sender', remedy: 'Give the sender a valid access token.' };
const ACCOUNT: Policy = {
  outcome: 'hold',
  hold: 'sender',
  remedy: 'Look at the account in WhatsApp Manager; its messages wait until it may send again.',
};
const REGISTER: Policy = {
  outcome: 'hold',
  hold: 'sender',
  remedy: 'Register the phone number at Meta again.',
};
const PAYMENT: Policy = {
  outcome: 'hold',
  hold: 'sender',
  remedy: 'Settle the payment method of the WhatsApp account.',
};
const WAIT: Policy = { ...BACKOFF, remedy: 'Nothing to do: it is tried again.' };

/**
 * What to do about the codes that do not simply end the message (meta-cloud-api §4). Decided on the code, never on the
 * HTTP status or the title: Meta says so.
 */
const POLICIES: Readonly<Record<number, Policy>> = {
  0: TOKEN,
  190: TOKEN,
  3: ACCOUNT,
  10: ACCOUNT,
  131005: ACCOUNT,
  368: ACCOUNT,
  131031: ACCOUNT,
  131048: { ...ACCOUNT, retry: { kind: 'after', ms: 3_600_000 } },
  131042: PAYMENT,
  131044: PAYMENT,
  131045: REGISTER,
  133010: REGISTER,
  1: WAIT,
  2: WAIT,
  131000: WAIT,
  131016: WAIT,
  133004: WAIT,
  4: {
    outcome: 'hold',
    hold: 'sender',
    retry: { kind: 'after', ms: 60_000 },
    remedy: 'Nothing to do: the app has used up its calls for now.',
  },
  80007: {
    outcome: 'hold',
    hold: 'sender',
    retry: { kind: 'after', ms: 60_000 },
    remedy: 'Nothing to do: the account has used up its calls for now.',
  },
  130429: {
    outcome: 'hold',
    hold: 'sender',
    retry: { kind: 'after', ms: 1_000 },
    remedy: 'Nothing to do: the number sends more slowly for a moment.',
  },
  131057: {
    outcome: 'hold',
    hold: 'sender',
    retry: { kind: 'after', ms: 60_000 },
    remedy: 'Nothing to do: Meta is upgrading the number.',
  },
  131056: {
    outcome: 'retry',
    hold: 'pair',
    retry: { kind: 'after', ms: 6_000 },
    remedy: 'Nothing to do: this recipient gets messages more slowly for a moment.',
  },
};

const FINAL_REMEDIES: Readonly<Record<number, string>> = {
  33: 'Check the phone-number id of the sender.',
  100: 'Correct the parameter that the detail names.',
  131008: 'Add the parameter that the detail names.',
  131009: 'Correct the value that the detail names.',
  131021: 'Send to another number than the sender’s own.',
  131026: 'Check that the recipient uses WhatsApp and has a current version of it.',
  131030: 'Add the recipient to the allowed list of the test number.',
  131047: 'Send a template: the recipient has not written in the last 24 hours.',
  131049: 'Do not repeat it: Meta limits marketing messages to this recipient.',
  131050: 'Do not repeat it: the recipient has stopped marketing messages.',
  131051: 'Send a supported message type.',
  131053: 'Check the type and size of the media, or upload it and send its id.',
  132000: 'Give as many parameters as the template has.',
  132001: 'Check the name and the language of the template.',
  132005: 'Shorten the parameters of the template.',
  132007: 'Change the content of the template: it breaks a policy.',
  132012: 'Give the parameters the format that the template has.',
  132015: 'Wait until the template is active again, or send another.',
  132016: 'Send another template: this one is disabled.',
  132018: 'Correct the parameters of the template.',
};

/** The body of Meta's error, as far as it is read. */
export interface GraphError {
  readonly code: number;
  readonly message?: string | undefined;
  readonly title?: string | undefined;
  readonly details?: string | undefined;
}

/**
 * Meta's error as a failure with its policy. Unknown codes end the message when the HTTP status is 4xx and are tried
 * three more times when it is 5xx.
 *
 * @param httpStatus undefined when the error came by webhook: then nothing is left to retry
 */
export function fromGraphError(error: GraphError, httpStatus: number | undefined): Failure {
  const fallback: Policy =
    httpStatus !== undefined && httpStatus >= 500 && FINAL_REMEDIES[error.code] === undefined
      ? WAIT
      : {
          outcome: 'final',
          remedy: FINAL_REMEDIES[error.code] ?? 'Look the code up in Meta’s list of Cloud API errors.',
        };
  // 200–299 are all permissions.
  const policy = POLICIES[error.code] ?? (error.code >= 200 && error.code <= 299 ? ACCOUNT : fallback);
  const title = (error.title ?? error.message ?? 'WhatsApp error').replace(/^\(#\d+\)\s*/, '');
  return {
    code: String(error.code),
    title,
    ...(error.details === undefined || error.details === title ? {} : { detail: error.details }),
    ...(httpStatus === undefined ? { outcome: 'final', remedy: policy.remedy } : policy),
    source: 'meta',
  };
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
  const code = errorCode(error);
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

function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return code;
  // Happy eyeballs: all addresses failed, each with its own error.
  if (error instanceof AggregateError && error.errors.length > 0) return errorCode(error.errors[0]);
  return error.cause === undefined ? error.name : errorCode(error.cause);
}
