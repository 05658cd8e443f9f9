import { type HttpProblem, KEY_PROBLEMS, QUEUE_RETRY_S, queueFull, type Refusal } from '../../problem.ts';

/** ElevenLabs' `detail` object; `status` repeats `code` for older clients (elevenlabs, error shapes). */
export function refuse(problem: HttpProblem): Refusal {
  const [status, type, code, message] = describe(problem);
  return {
    status,
    ...(problem.kind === 'overloaded'
      ? { headers: { 'retry-after': String(problem.retryAfterSeconds) } }
      : problem.kind === 'queue_full'
        ? { headers: { 'retry-after': String(QUEUE_RETRY_S) } }
        : {}),
    body: { detail: { type, code, status: code, message } },
  };
}

function describe(problem: HttpProblem): [number, string, string, string] {
  switch (problem.kind) {
    case 'unauthenticated':
      return [401, 'authentication_error', 'invalid_api_key', 'Invalid API key'];
    case 'forbidden':
      return [
        403,
        'authorization_error',
        'missing_permissions',
        `The API key lacks the scope "${problem.scope}".`,
      ];
    case 'not_found':
      return [404, 'not_found', 'not_found', `Wirebird does not serve ${problem.method} ${problem.path}.`];
    case 'method_not_allowed':
      return [405, 'invalid_request', 'method_not_allowed', `This path takes ${problem.allowed.join(', ')}.`];
    case 'malformed_json':
    case 'bad_request':
      return [400, 'invalid_request', 'bad_request', problem.message];
    case 'unsupported_media_type':
      return [415, 'invalid_request', 'unsupported_media_type', 'The body must be JSON.'];
    case 'too_large':
      return [413, 'invalid_request', 'request_too_large', `The body has more than ${problem.limit} bytes.`];
    case 'overloaded':
      return [503, 'service_unavailable', 'system_busy', 'Too much waits to be stored. Try again soon.'];
    case 'queue_full':
      return [429, 'rate_limit_error', 'rate_limit_exceeded', queueFull(problem.limit)];
    case 'idempotency_key': {
      const [status, message] = KEY_PROBLEMS[problem.why];
      return [status, 'invalid_request', 'bad_request', message];
    }
    case 'internal':
      return [
        500,
        'internal_error',
        'internal_error',
        `Something went wrong here. Reference: ${problem.reference}.`,
      ];
  }
}
