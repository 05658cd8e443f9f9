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
  | { readonly kind: 'internal'; readonly reference: string };

/** An answer that says no, in somebody's own shape. */
export interface Refusal {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}
