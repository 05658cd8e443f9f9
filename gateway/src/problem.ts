/** What can go wrong before a route has its say, or below it. */
export type HttpProblem =
  | { readonly kind: 'unauthenticated' }
  | { readonly kind: 'forbidden'; readonly scope: string }
  | { readonly kind: 'not_found'; readonly method: string; readonly path: string }
  | { readonly kind: 'method_not_allowed'; readonly method: string; readonly allowed: readonly string[] }
  | { readonly kind: 'malformed_json'; readonly message: string }
  | { readonly kind: 'unsupported_media_type'; readonly given: string | undefined }
  | { readonly kind: 'too_large'; readonly limit: number }
  | { readonly kind: 'bad_request'; readonly message: string }
  /** `inDoubt`: the message may be stored all the same, so a repeat may send it twice. */
  | { readonly kind: 'overloaded'; readonly retryAfterSeconds: number; readonly inDoubt: boolean }
  /** So many messages of the number wait already. */
  | { readonly kind: 'queue_full'; readonly limit: number }
  /** Of the header `Idempotency-Key`: not one, in use by a request under way, or used by another request. */
  | { readonly kind: 'idempotency_key'; readonly why: 'malformed' | 'running' | 'reused' }
  | { readonly kind: 'internal'; readonly reference: string };

/** When a queue that is full may have room again; nobody knows. */
export const QUEUE_RETRY_S = 30;

export function queueFull(limit: number): string {
  return `${limit} messages of this number wait to be sent, as many as may. Nothing was stored; try again later.`;
}

/** What is wrong with an `Idempotency-Key`, with the status that says so. */
export const KEY_PROBLEMS = {
  malformed: [400, 'The Idempotency-Key must have 1 to 255 letters, digits, "_", ":" or "-".'],
  running: [409, 'A request with this Idempotency-Key is under way. Ask again in a moment for its answer.'],
  reused: [422, 'This Idempotency-Key was used with another body within the last 24 hours.'],
} as const;

/** An answer that says no, in somebody's own shape. */
export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}
