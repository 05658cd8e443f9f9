import { type HttpProblem, KEY_PROBLEMS, QUEUE_RETRY_S, queueFull, type Refusal } from '../../problem.ts';

/** Infobip's shape A; one key too many breaks its Java client, so only these (infobip §7.1). */
export function refuse(problem: HttpProblem): Refusal {
  const [status, messageId, text] = describe(problem);
  return {
    status,
    ...(problem.kind === 'overloaded'
      ? { headers: { 'retry-after': String(problem.retryAfterSeconds) } }
      : problem.kind === 'queue_full'
        ? { headers: { 'retry-after': String(QUEUE_RETRY_S) } }
        : {}),
    body: { requestError: { serviceException: { messageId, text } } },
  };
}

function describe(problem: HttpProblem): [number, string, string] {
  switch (problem.kind) {
    case 'unauthenticated':
      return [401, 'UNAUTHORIZED', 'Unauthorized'];
    case 'forbidden':
      return [403, 'FORBIDDEN', 'Forbidden'];
    case 'not_found':
    case 'method_not_allowed':
      return [404, 'NOT_FOUND', 'Not found'];
    case 'malformed_json':
    case 'unsupported_media_type':
    case 'bad_request':
      return [400, 'BAD_REQUEST', 'Bad request'];
    case 'too_large':
      return [413, 'BAD_REQUEST', `Request body exceeds ${problem.limit} bytes`];
    case 'overloaded':
      return [503, 'GENERAL_ERROR', 'Service unavailable. Please try again.'];
    case 'queue_full':
      return [429, 'TOO_MANY_REQUESTS', queueFull(problem.limit)];
    case 'idempotency_key': {
      const [status, text] = KEY_PROBLEMS[problem.why];
      return [status, 'BAD_REQUEST', text];
    }
    case 'internal':
      return [500, 'GENERAL_ERROR', `Something went wrong. Reference: ${problem.reference}`];
  }
}
