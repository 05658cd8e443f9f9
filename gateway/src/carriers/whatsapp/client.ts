import { Agent, type buildConnector, type FormData } from 'undici';
import { mended } from '../../message/content.ts';
import type { Failure } from '../../message/failure.ts';
import { within } from '../../within.ts';
import { field, graphError, type Recognized, readJson, recognized } from './answer.ts';
import { fromBareStatus, fromGraphError, fromNetworkError } from './errors.ts';

/** What is needed to speak for a number. */
export interface Credentials {
  readonly phoneNumberId: string;
  readonly accessToken: string;
  readonly graphUrl: string | undefined;
}

export interface Send {
  /** E.164, where the plus sign matters: without it Meta prepends the sender's own country code (§2). Or a BSUID. */
  readonly recipient: string;
  /** JSON text of `{type, <type>: …, context?}`. */
  readonly content: string;
  /** Comes back in every status; at most 512 characters. */
  readonly callback: string;
}

export type SendResult =
  | {
      readonly kind: 'accepted';
      readonly wamid: string;
      /** Names of the recipient other than the one that it was sent to. */
      readonly names?: Recognized;
      /** `message_status`, where Meta took the message and does not send it yet (§2). */
      readonly held?: string;
    }
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

/** A page of fifty templates has all their components. */
const LONG_ANSWER_MAX = 4 * 1024 * 1024;

/** Nobody is refused for want of this answer, and a clean stop waits for it. */
const LIMIT_MS = 5_000;

/** Of a limit's name, in characters. */
const LIMIT_MAX = 64;

/** A file of 100 MB at 8 Mbit/s. */
const UPLOAD_MS = 100_000;

export type GraphAnswer =
  | { readonly kind: 'answered'; readonly body: unknown }
  | { readonly kind: 'failed'; readonly failure: Failure };

const TOO_LARGE: Failure = {
  code: '131052',
  title: 'Media download error',
  detail: 'The file is larger than what WhatsApp gives out.',
  outcome: 'final',
  remedy: 'Ask the person to send it another way.',
  source: 'wirebird',
};

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
    // A person without a number is named in a field of its own (§2).
    const address = send.recipient.startsWith('+') ? 'to' : 'recipient';
    const body = `{"messaging_product":"whatsapp","recipient_type":"individual","${address}":${JSON.stringify(send.recipient)},"biz_opaque_callback_data":${JSON.stringify(send.callback)},${send.content.slice(1)}`;
    const answer = await this.#request(credentials, 'POST', `/${credentials.phoneNumberId}/messages`, body);
    if (answer.kind === 'failed') return answer;
    const messages = field(answer.body, 'messages');
    const message: unknown = Array.isArray(messages) ? messages[0] : undefined;
    const wamid = field(message, 'id');
    if (typeof wamid !== 'string') return { kind: 'failed', failure: NO_WAMID };
    const names = recognized(answer.body, send.recipient);
    const status = field(message, 'message_status');
    return {
      kind: 'accepted',
      wamid: mended(wamid),
      ...(names === undefined ? {} : { names }),
      ...(typeof status === 'string' && status !== 'accepted' ? { held: mended(status).slice(0, 100) } : {}),
    };
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

  /** To how many people its portfolio may write in 24 hours, in Meta's words; undefined when they cannot be had. */
  async messagingLimit(credentials: Credentials): Promise<string | undefined> {
    const name = 'whatsapp_business_manager_messaging_limit';
    const path = `/${encodeURIComponent(credentials.phoneNumberId)}?fields=${name}`;
    const answer = await this.#request(credentials, 'GET', path, null, LIMIT_MS);
    const said = answer.kind === 'answered' ? field(answer.body, name) : undefined;
    if (typeof said === 'number') return String(said);
    return typeof said === 'string' && said !== '' ? mended(said).slice(0, LIMIT_MAX) : undefined;
  }

  /** Any other request: `path` from behind the version, with its query. */
  async request(
    credentials: Credentials,
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body?: Readonly<Record<string, unknown>>,
  ): Promise<GraphAnswer> {
    const json = body === undefined ? null : JSON.stringify(body);
    return this.#request(credentials, method, path, json, this.#options.timeoutMs, LONG_ANSWER_MAX);
  }

  /** A request whose body is a form: an upload. */
  async requestForm(credentials: Credentials, path: string, form: FormData): Promise<GraphAnswer> {
    return this.#request(credentials, 'POST', path, form, UPLOAD_MS);
  }

  /** Of the Graph API that speaks for this number. */
  originOf(credentials: Credentials): string {
    return new URL(credentials.graphUrl ?? this.#options.graphUrl).origin;
  }

  /** The bytes behind an address that Meta gave. */
  async download(
    credentials: Credentials,
    url: string,
    maxBytes: number,
  ): Promise<{ readonly bytes: Uint8Array } | { readonly failure: Failure }> {
    const { origin, pathname, search } = new URL(url);
    const agent = credentials.graphUrl === undefined ? this.#agent : this.#guarded;
    try {
      return await within(UPLOAD_MS, async signal => {
        const { statusCode, body } = await agent.request({
          origin,
          path: `${pathname}${search}`,
          method: 'GET',
          signal,
          headers: { authorization: `Bearer ${credentials.accessToken}` },
        });
        if (statusCode !== 200) {
          body.on('error', () => {});
          body.destroy();
          return { failure: { ...fromBareStatus(statusCode), outcome: 'retry' as const } };
        }
        const chunks: Buffer[] = [];
        let size = 0;
        for await (const chunk of body as AsyncIterable<Buffer>) {
          size += chunk.length;
          if (size > maxBytes) return { failure: TOO_LARGE };
          chunks.push(chunk);
        }
        return { bytes: Buffer.concat(chunks) };
      });
    } catch (error) {
      return { failure: { ...fromNetworkError(error), outcome: 'retry' } };
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#agent.destroy(), this.#guarded.destroy()]);
  }

  async #request(
    credentials: Credentials,
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    body: string | FormData | null,
    timeoutMs = this.#options.timeoutMs,
    answerMax = ANSWER_MAX,
  ): Promise<GraphAnswer> {
    const base = new URL(credentials.graphUrl ?? this.#options.graphUrl);
    const agent = credentials.graphUrl === undefined ? this.#agent : this.#guarded;
    let answer: { readonly status: number; readonly parsed: unknown };
    try {
      // Over everything together: an answer that trickles in has no end of its own.
      answer = await within(timeoutMs, async signal => {
        const { statusCode, body: parts } = await agent.request({
          origin: base.origin,
          path: `${base.pathname === '/' ? '' : base.pathname}/${this.#options.graphVersion}${path}`,
          method,
          signal,
          headersTimeout: timeoutMs,
          headers: {
            authorization: `Bearer ${credentials.accessToken}`,
            ...(typeof body === 'string' ? { 'content-type': 'application/json' } : {}),
          },
          body,
        });
        return { status: statusCode, parsed: await readJson(parts, answerMax) };
      });
    } catch (error) {
      return { kind: 'failed', failure: fromNetworkError(error) };
    }
    const { status, parsed } = answer;
    if (status >= 200 && status < 300) return { kind: 'answered', body: parsed };
    const error = graphError(field(parsed, 'error'));
    return {
      kind: 'failed',
      failure: error === undefined ? fromBareStatus(status) : fromGraphError(error, status),
    };
  }
}
