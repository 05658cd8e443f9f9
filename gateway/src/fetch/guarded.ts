import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import { remembered } from '../remembered.ts';
import { isOpenAddress, type PrivateTargets } from './addresses.ts';
import { guardedConnector, Refused, type Resolve, refusedAddress } from './connector.ts';

export interface GuardedOptions {
  readonly privateTargets: PrivateTargets;
  /** For everything together: waiting for a connection, connecting, headers and body. */
  readonly timeoutMs: number;
  /** How much of an answer is kept. */
  readonly maxResponseBytes: number;
  readonly connectionsPerOrigin: number;
  readonly resolve?: Resolve;
}

export interface GuardedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** In the place of the client's own. */
  readonly timeoutMs?: number;
}

export type GuardedResult =
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly durationMs: number;
      readonly excerpt: string;
      /** The header `Retry-After`, as it came. */
      readonly retryAfter: string | undefined;
    }
  /** Nothing left: the address may not be fetched. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly durationMs: number };

/** The one client for addresses that others give. It never throws. */
export interface GuardedClient {
  readonly post: (url: string, request: GuardedRequest) => Promise<GuardedResult>;
  /** Why an address may not be fetched, judged by its text alone; undefined when the rest is up to its resolution. */
  readonly check: (url: string) => string | undefined;
  /** Ends what is under way. */
  readonly close: () => Promise<void>;
}

/** More than this is not read to the end: a new connection costs less. */
const DISCARD_BYTES_MAX = 128 * 1024;

export function createGuardedClient(options: GuardedOptions): GuardedClient {
  const agent = new Agent({
    connections: options.connectionsPerOrigin,
    pipelining: 1,
    connect: guardedConnector(options),
    // One timer for each request covers more than these two.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  // The same few addresses stand in every message and get every report; judging one costs 10 µs.
  const targetOf = remembered(url => judge(url, options.privateTargets));
  return {
    post: (url, request) => {
      const target = targetOf(url);
      if (typeof target === 'string') return Promise.resolve({ kind: 'refused', reason: target });
      return new Promise(resolve => {
        const dispatched = {
          origin: target.origin,
          path: `${target.pathname}${target.search}`,
          method: 'POST',
          headers: request.headers,
          body: request.body,
        };
        agent.dispatch(dispatched, new Exchange(options, request.timeoutMs ?? options.timeoutMs, resolve));
      });
    },
    check: url => {
      const target = targetOf(url);
      return typeof target === 'string' ? target : undefined;
    },
    close: () => agent.destroy(),
  };
}

/** The parsed address, or a sentence that says why it may not be fetched. */
export function judge(text: string, targets: PrivateTargets): URL | string {
  // The parser turns every spelling of an IPv4 address (2130706433, 0x7f.1, 127.1) into the usual one.
  const url = URL.parse(text);
  if (url === null) return 'it is not a URL';
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it is not an http or https URL';
  if (url.username !== '' || url.password !== '') return 'it holds a user name or password';
  const host = url.hostname.startsWith('[') ? url.hostname.slice(1, -1) : url.hostname;
  const shut = isIP(host) !== 0 ? !isOpenAddress(host, targets) : targets === 'refused' && isLocalName(host);
  return shut ? refusedAddress(url.hostname).message : url;
}

/** RFC 6761 §6.3: these names mean loopback wherever they are resolved. */
function isLocalName(host: string): boolean {
  return /(^|\.)localhost\.?$/.test(host);
}

/** One request and its answer, down at undici's handler: no streams and no signals for each delivery. */
class Exchange implements Dispatcher.DispatchHandler {
  readonly #options: GuardedOptions;
  readonly #timeoutMs: number;
  readonly #resolve: (result: GuardedResult) => void;
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;
  #controller: Dispatcher.DispatchController | undefined;
  #done = false;
  #status = 0;
  #retryAfter: string | undefined;
  #received = 0;
  readonly #kept: Buffer[] = [];

  constructor(options: GuardedOptions, timeoutMs: number, resolve: (result: GuardedResult) => void) {
    this.#options = options;
    this.#timeoutMs = timeoutMs;
    this.#resolve = resolve;
    this.#timer = setTimeout(() => this.#expire(), timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Its time ran out while it waited for a connection: it must not leave any more.
    if (this.#done) controller.abort(new Error('late'));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    this.#status = status;
    this.#retryAfter = headers['retry-after'];
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const room = this.#options.maxResponseBytes - this.#received;
    this.#received += chunk.length;
    // A copy: the parser's buffer lives on as long as a part of it is kept.
    if (room > 0) this.#kept.push(Buffer.from(chunk.subarray(0, room)));
    if (this.#received <= DISCARD_BYTES_MAX) return;
    this.#answered();
    controller.abort(new Error('the answer is too long'));
  }

  onResponseEnd(): void {
    this.#answered();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (error instanceof Refused) this.#finish({ kind: 'refused', reason: error.message });
    else this.#finish({ kind: 'failed', ...described(error), durationMs: this.#elapsed() });
  }

  #answered(): void {
    const excerpt = this.#kept.length === 0 ? '' : Buffer.concat(this.#kept).toString('utf8');
    const [status, durationMs, retryAfter] = [this.#status, this.#elapsed(), this.#retryAfter];
    this.#finish({ kind: 'answered', status, durationMs, excerpt, retryAfter });
  }

  #expire(): void {
    const message = `no complete answer within ${this.#timeoutMs} ms`;
    this.#finish({ kind: 'failed', code: 'timeout', message, durationMs: this.#elapsed() });
    this.#controller?.abort(new Error(message));
  }

  #elapsed(): number {
    return performance.now() - this.#startedAt;
  }

  #finish(result: GuardedResult): void {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#timer);
    this.#resolve(result);
  }
}

function described(error: Error): { code: string; message: string } {
  // When a name has several addresses and none can be reached, Node says so in an error without a message.
  const first = error instanceof AggregateError && error.errors[0] instanceof Error ? error.errors[0] : error;
  const code = (error as NodeJS.ErrnoException).code ?? (first as NodeJS.ErrnoException).code ?? error.name;
  return { code, message: error.message === '' ? first.message : error.message };
}
