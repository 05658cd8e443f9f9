import { Agent, type buildConnector } from 'undici';
import { mended } from '../../message/content.ts';
import type { Failure } from '../../message/failure.ts';
import { fromBareStatus, fromGraphError, fromNetworkError, type GraphError } from './errors.ts';

/** What is needed to speak for a number. */
export interface Credentials {
  readonly phoneNumberId: string;
  readonly accessToken: string;
  readonly graphUrl: string | undefined;
}

export interface Send {
  /** E.164; the plus sign matters: without it Meta prepends the sender's own country code (§2). */
  readonly recipient: string;
  /** JSON text of `{type, <type>: …, context?}`. */
  readonly content: string;
  /** Comes back in every status; at most 512 characters. */
  readonly callback: string;
}

export type SendResult =
  | { readonly kind: 'accepted'; readonly wamid: string }
  | { readonly kind: 'failed'; readonly failure: Failure };

export type NumberCheck =
  | {
      readonly ok: true;
      readonly displayPhoneNumber: string | undefined;
      readonly verifiedName: string | undefined;
    }
  | { readonly ok: false; readonly failure: Failure };

export interface WhatsAppOptions {
  readonly graphUrl: string;
  readonly graphVersion: string;
  readonly timeoutMs: number;
  readonly connections: number;
  /** Connects to addresses that callers gave (a sender's own `graph_url`); checks where they lead. */
  readonly guardedConnect: buildConnector.connector;
}

export const CONNECT_MS = 5_000;

/** An answer of the Graph API is small; more than this is not read. */
const ANSWER_MAX = 64 * 1024;

const NO_WAMID: Failure = {
  code: 'no_wamid',
  title: 'The Graph API answered without a message id',
  outcome: 'unknown',
  remedy: 'Nothing to do: a status tells whether it was sent, or the deadline decides.',
  source: 'network',
};

/** Meta's Cloud API: never throws, classifies instead. */
export class WhatsApp {
  readonly #agent: Agent;
  readonly #guarded: Agent;
  readonly #options: WhatsAppOptions;

  constructor(options: WhatsAppOptions) {
    this.#options = options;
    const common = {
      connections: options.connections,
      pipelining: 1,
      headersTimeout: options.timeoutMs,
      bodyTimeout: options.timeoutMs,
    };
    this.#agent = new Agent({ ...common, connect: { timeout: CONNECT_MS } });
    this.#guarded = new Agent({ ...common, connect: options.guardedConnect });
  }

  /** `POST /{version}/{phone-number-id}/messages` (meta-cloud-api §2). */
  async send(credentials: Credentials, send: Send): Promise<SendResult> {
    // The content is Meta's JSON already: it is spliced in, not parsed and written again.
    const body = `{"messaging_product":"whatsapp","recipient_type":"individual","to":${JSON.stringify(send.recipient)},"biz_opaque_callback_data":${JSON.stringify(send.callback)},${send.content.slice(1)}`;
    const answer = await this.#request(credentials, 'POST', `/${credentials.phoneNumberId}/messages`, body);
    if (answer.kind === 'failed') return answer;
    const messages = field(answer.body, 'messages');
    const wamid = Array.isArray(messages) ? field(messages[0], 'id') : undefined;
    if (typeof wamid !== 'string') return { kind: 'failed', failure: NO_WAMID };
    return { kind: 'accepted', wamid: mended(wamid) };
  }

  /** Reads the number with its token, before a sender is stored. */
  async verifyNumber(credentials: Credentials): Promise<NumberCheck> {
    const answer = await this.#request(
      credentials,
      'GET',
      `/${encodeURIComponent(credentials.phoneNumberId)}?fields=display_phone_number,verified_name`,
      null,
    );
    if (answer.kind === 'failed') return { ok: false, failure: answer.failure };
    const display = field(answer.body, 'display_phone_number');
    const name = field(answer.body, 'verified_name');
    return {
      ok: true,
      displayPhoneNumber: typeof display === 'string' ? display : undefined,
      verifiedName: typeof name === 'string' ? name : undefined,
    };
  }

  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#guarded.destroy()]);
  }

  async #request(
    credentials: Credentials,
    method: 'GET' | 'POST',
    path: string,
    body: string | null,
  ): Promise<{ kind: 'answered'; body: unknown } | { kind: 'failed'; failure: Failure }> {
    const base = new URL(credentials.graphUrl ?? this.#options.graphUrl);
    let status: number;
    let parsed: unknown;
    try {
      const agent = credentials.graphUrl === undefined ? this.#agent : this.#guarded;
      const response = await agent.request({
        origin: base.origin,
        path: `${base.pathname === '/' ? '' : base.pathname}/${this.#options.graphVersion}${path}`,
        method,
        // Over everything together: an answer that trickles in has no end of its own.
        signal: AbortSignal.timeout(this.#options.timeoutMs),
        headers: {
          authorization: `Bearer ${credentials.accessToken}`,
          ...(body === null ? {} : { 'content-type': 'application/json' }),
        },
        body,
      });
      status = response.statusCode;
      parsed = await readJson(response.body);
    } catch (error) {
      return { kind: 'failed', failure: fromNetworkError(error) };
    }
    if (status >= 200 && status < 300) return { kind: 'answered', body: parsed };
    const error = graphError(field(parsed, 'error'));
    return {
      kind: 'failed',
      failure: error === undefined ? fromBareStatus(status) : fromGraphError(error, status),
    };
  }
}

async function readJson(body: AsyncIterable<Buffer>): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > ANSWER_MAX) break;
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function graphError(value: unknown): GraphError | undefined {
  const code = field(value, 'code');
  if (typeof code !== 'number') return undefined;
  const text = (of: unknown): string | undefined => (typeof of === 'string' ? mended(of) : undefined);
  return {
    code,
    message: text(field(value, 'message')),
    title: text(field(value, 'error_user_title')),
    details: text(field(field(value, 'error_data'), 'details')),
  };
}
