import { type HttpProblem, KEY_PROBLEMS, QUEUE_RETRY_S, queueFull } from '../problem.ts';
import { type Refusal, refusal } from './problem.ts';

/** A refusal in the shape of Wirebird's own API: `application/problem+json`. */
export function refuseApi(problem: HttpProblem): Refusal {
  switch (problem.kind) {
    case 'unauthenticated':
      return refusal(401, 'Give an API key that is in force: Authorization: Bearer wb_…', {
        headers: { 'www-authenticate': 'Bearer' },
      });
    case 'forbidden':
      return refusal(403, `The API key lacks the scope ${problem.scope}.`);
    case 'not_found':
      return refusal(404, `There is nothing at ${problem.method} ${problem.path}.`);
    case 'method_not_allowed':
      return refusal(405, `${problem.method} is not served here; ${problem.allowed.join(', ')} is.`, {
        headers: { allow: problem.allowed.join(', ') },
      });
    case 'malformed_json':
      return refusal(400, `The body is not JSON: ${problem.message}`);
    case 'unsupported_media_type':
      return refusal(415, `The body must be application/json, not ${problem.given ?? 'without a type'}.`);
    case 'too_large':
      return refusal(413, `The body is larger than ${problem.limit} bytes.`);
    case 'bad_request':
      return refusal(400, problem.message);
    case 'overloaded':
      return refusal(503, 'Too much waits for the database. Try again shortly.', {
        headers: { 'retry-after': String(problem.retryAfterSeconds) },
      });
    case 'queue_full':
      return refusal(429, queueFull(problem.limit), { headers: { 'retry-after': String(QUEUE_RETRY_S) } });
    case 'idempotency_key': {
      const [status, detail] = KEY_PROBLEMS[problem.why];
      return refusal(status, detail);
    }
    case 'internal':
      return refusal(500, 'Something failed here; the log has more under the reference.', {
        reference: problem.reference,
      });
  }
}
