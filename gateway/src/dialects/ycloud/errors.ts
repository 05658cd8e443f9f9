import { type HttpProblem, KEY_PROBLEMS, QUEUE_RETRY_S, queueFull, type Refusal } from '../../problem.ts';

/** YCloud's envelope; `status` and `code` are required (ycloud §4). */
export function refuse(problem: HttpProblem): Refusal {
  const [status, code, message] = describe(problem);
  return {
    status,
    ...(problem.kind === 'overloaded'
      ? { headers: { 'retry-after': String(problem.retryAfterSeconds) } }
      : problem.kind === 'queue_full'
        ? { headers: { 'retry-after': String(QUEUE_RETRY_S) } }
        : {}),
    body: { error: { status, code, message } },
  };
}

function describe(problem: HttpProblem): [number, string, string] {
  switch (problem.kind) {
    case 'unauthenticated':
      return [401, 'UNAUTHORIZED', 'The API key in X-API-Key is missing or not known.'];
    case 'forbidden':
      return [403, 'FORBIDDEN', `The API key lacks the scope "${problem.scope}".`];
    case 'not_found':
      return [404, 'NOT_FOUND', `Wirebird does not serve ${problem.method} ${problem.path}.`];
    case 'method_not_allowed':
      return [404, 'NOT_FOUND', `Wirebird serves this path for ${problem.allowed.join(', ')} only.`];
    case 'malformed_json':
      return [400, 'BAD_REQUEST', problem.message];
    case 'unsupported_media_type':
      return [400, 'BAD_REQUEST', 'The body must be JSON, with Content-Type: application/json.'];
    case 'too_large':
      return [413, 'CONTENT_TOO_LARGE', `The body has more than ${problem.limit} bytes.`];
    case 'bad_request':
      return [400, 'BAD_REQUEST', problem.message];
    case 'overloaded':
      return [503, 'SERVICE_UNAVAILABLE', 'Too much waits to be stored. Try again soon.'];
    case 'queue_full':
      return [429, 'SENDER_RATE_LIMITED', queueFull(problem.limit)];
    case 'idempotency_key': {
      const [status, message] = KEY_PROBLEMS[problem.why];
      return [status, status === 409 ? 'CONFLICT' : 'BAD_REQUEST', message];
    }
    case 'internal':
      return [500, 'INTERNAL_SERVER_ERROR', `Something went wrong here. Reference: ${problem.reference}.`];
  }
}
