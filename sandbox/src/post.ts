import { createHmac } from 'node:crypto';
import { type Dispatcher, Pool } from 'undici';
import type { Account } from './senders.ts';

/** Meta waits about 20 s for the answer to a webhook. */
const ANSWER_MS = 20_000;
const CONNECTIONS = 32;

/** `X-Hub-Signature-256` over the exact bytes. */
export function signatureOf(body: Buffer, account: Account): string {
  return `sha256=${createHmac('sha256', account.key).update(body).digest('hex')}`;
}

/**
 * Kept-alive connections to one origin. What does not find one free waits in the order it came, so that a
 * slow receiver gets no more than a bounded number of webhooks at a time.
 */
export class Origin {
  readonly #pool: Pool;
  readonly #waiting: Post[] = [];
  #first = 0;
  #underWay = new Set<Post>();

  constructor(origin: string) {
    this.#pool = new Pool(origin, {
      connections: CONNECTIONS,
      connect: { timeout: ANSWER_MS },
      headersTimeout: ANSWER_MS,
      bodyTimeout: ANSWER_MS,
    });
  }

  get size(): number {
    return this.#waiting.length - this.#first + this.#underWay.size;
  }

  post(post: Post): void {
    this.#waiting.push(post);
    this.#next();
  }

  /** Meta's handshake: true when the receiver knows the token and gives the challenge back. */
  async handshake(path: string, verifyToken: string): Promise<boolean> {
    const challenge = String(Math.floor(Math.random() * 2 ** 31));
    const query = new URLSearchParams({
      'hub.mode': 'subscribe',
      'hub.challenge': challenge,
      'hub.verify_token': verifyToken,
    });
    const joined = `${path}${path.includes('?') ? '&' : '?'}${query}`;
    try {
      const answer = await this.#pool.request({ path: joined, method: 'GET' });
      return answer.statusCode === 200 && (await answer.body.text()) === challenge;
    } catch {
      return false;
    }
  }

  /** Gives up all connections; returns what has no answer yet. */
  async close(): Promise<Post[]> {
    const left = [...this.#underWay, ...this.#waiting.slice(this.#first)];
    this.#underWay.clear();
    this.#waiting.length = 0;
    this.#first = 0;
    await this.#pool.destroy();
    return left;
  }

  #next(): void {
    while (this.#underWay.size < CONNECTIONS && this.#first < this.#waiting.length) {
      const post = this.#waiting[this.#first]!;
      this.#first++;
      // The taken part is cut off now and then: shifting one by one would move a long queue each time.
      if (this.#first > 1000 && this.#first * 2 > this.#waiting.length) {
        this.#waiting.splice(0, this.#first);
        this.#first = 0;
      }
      this.#underWay.add(post);
      this.#pool.dispatch(post.request(), new Answer(ok => this.#answered(post, ok)));
    }
  }

  #answered(post: Post, ok: boolean): void {
    if (!this.#underWay.delete(post)) return;
    post.answered(ok);
    this.#next();
  }
}

/** A webhook that waits for its turn; its bytes are made when it leaves. */
export interface Post {
  request(): Dispatcher.DispatchOptions;
  /** `ok`: the receiver said 200; anything else, or nothing, is not. */
  answered(ok: boolean): void;
}

/** Reads an answer's status and throws its body away, without the cost of a stream. */
class Answer implements Dispatcher.DispatchHandler {
  readonly #done: (ok: boolean) => void;
  #status = 0;

  constructor(done: (ok: boolean) => void) {
    this.#done = done;
  }

  onRequestStart(): void {}

  onResponseStart(_: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(): void {}

  onResponseEnd(): void {
    this.#done(this.#status === 200);
  }

  onResponseError(): void {
    this.#done(false);
  }
}
