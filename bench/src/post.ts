import { type Dispatcher, Pool } from 'undici';

/** What became of a POST; times are the caller's. */
export type Answer =
  | { readonly kind: 'answered'; readonly status: number; readonly body: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string };

/** A server that hangs must not hang the run; longer than the gateway lets an accept wait (5 s). */
const ANSWER_MS = 15_000;

/**
 * Kept-alive connections to one origin, used without streams and promises: what measures must cost less than what is
 * measured. One request at a time on each connection; more wait for their turn.
 */
export class Poster {
  readonly #pool: Pool;

  constructor(origin: string, connections: number) {
    this.#pool = new Pool(origin, {
      connections,
      pipelining: 1,
      connect: { timeout: ANSWER_MS },
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
    });
  }

  /** `headers` alternate name and value. */
  post(path: string, headers: string[], body: string, done: (answer: Answer) => void): void {
    this.#pool.dispatch({ path, method: 'POST', headers, body }, new Reading(done));
  }

  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

class Reading implements Dispatcher.DispatchHandler {
  readonly #done: (answer: Answer) => void;
  #status = 0;
  #chunks: Buffer[] = [];

  constructor(done: (answer: Answer) => void) {
    this.#done = done;
  }

  onRequestStart(): void {}

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const body = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#done({ kind: 'answered', status: this.#status, body: body.toString('utf8') });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    const { code = error.name } = error as NodeJS.ErrnoException;
    this.#done({ kind: 'failed', code, message: error.message });
  }
}
