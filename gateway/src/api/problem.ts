/** One thing that is wrong with a request: where, and a sentence. */
export interface Fault {
  /** RFC 6901, into the body. */
  readonly pointer?: string;
  /** Of the query. */
  readonly parameter?: string;
  readonly detail: string;
}

/** What a refusal looks like on the wire: RFC 9457. */
export interface ProblemBody {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly errors?: readonly Fault[];
  /** To find a fault of ours in the log. */
  readonly reference?: string;
}

export interface Refusal {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ProblemBody;
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not authenticated',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Body too large',
  415: 'Unsupported media type',
  422: 'Invalid request',
  429: 'Too many requests',
  500: 'Internal error',
  502: 'WhatsApp did not answer',
  503: 'Not available now',
};

/** Thrown by a route to refuse. */
export class Problem extends Error {
  readonly status: number;
  readonly errors: readonly Fault[] | undefined;
  constructor(status: number, detail: string, errors?: readonly Fault[]) {
    super(detail);
    this.status = status;
    this.errors = errors;
  }
}

/** Also what belongs to another workspace: nobody learns that it exists. */
export const notFound = (what: string): Problem =>
  new Problem(404, `There is no such ${what} in this workspace.`);

export const invalid = (...errors: readonly Fault[]): Problem =>
  new Problem(422, errors.map(error => error.detail).join(' '), errors);

export function refusal(
  status: number,
  detail: string,
  more: { errors?: readonly Fault[] | undefined; reference?: string; headers?: Record<string, string> } = {},
): Refusal {
  return {
    status,
    headers: { 'content-type': 'application/problem+json', ...more.headers },
    body: {
      type: 'about:blank',
      title: TITLES[status] ?? 'Error',
      status,
      detail,
      ...(more.errors === undefined ? {} : { errors: more.errors }),
      ...(more.reference === undefined ? {} : { reference: more.reference }),
    },
  };
}
