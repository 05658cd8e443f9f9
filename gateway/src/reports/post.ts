import type { GuardedClient } from '../fetch/guarded.ts';
import { eventName, isNoticeEvent } from '../message/event.ts';
import type { Message } from '../message/message.ts';
import { messageFromJson } from '../store/message-row.ts';
import {
  eventIdOf,
  type Report,
  type ReportEncoder,
  type SignedRequest,
  type SigningKeys,
} from './encoder.ts';
import { noticeFromJson } from './notice-row.ts';
import type { ClaimedReport } from './report-sql.ts';

export interface PostOptions {
  readonly client: Pick<GuardedClient, 'post'>;
  readonly encoders: Readonly<Partial<Record<string, ReportEncoder>>>;
  readonly keysOf: (workspaceId: string, endpointId: string | undefined) => SigningKeys | undefined;
  readonly phoneOf: (senderId: string) => string | undefined;
  readonly wabaOf: (senderId: string) => string | undefined;
  /** Where the file of an inbound message is to be had; undefined when it has none. */
  readonly mediaUrlOf: (message: Message) => string | undefined;
}

/** How one attempt went. */
export interface Outcome {
  readonly ok: boolean;
  readonly status: number | null;
  readonly error: string | null;
  readonly ms: number;
  readonly answer: string;
  /** The header `Retry-After`, as it came. */
  readonly retryAfter: string | undefined;
}

/**
 * Encodes a report, signs it afresh and posts it.
 *
 * @returns `moot` when there is nothing to tell: its row is gone, or the dialect has no such event
 */
export async function postReport(
  options: PostOptions,
  report: ClaimedReport,
  url: string,
  timeoutMs: number,
  now: Date,
): Promise<Outcome | 'moot'> {
  const encode = options.encoders[report.dialect];
  const keys = options.keysOf(report.workspace_id, report.endpoint_id ?? undefined);
  if (encode === undefined || keys === undefined)
    return failed(`nothing can sign for ${report.dialect} here`);
  const told = toldOf(options, report, url);
  let request: SignedRequest | undefined;
  try {
    request = told === undefined ? undefined : encode(told, keys, now);
  } catch (error) {
    return failed(`cannot be written: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (request === undefined) return 'moot';
  const result = await options.client.post(url, { ...request, timeoutMs });
  switch (result.kind) {
    case 'answered': {
      const { status, durationMs: ms, excerpt: answer, retryAfter } = result;
      const ok = status >= 200 && status < 300;
      return { ok, status, error: ok ? null : `answered ${status}`, ms, answer, retryAfter };
    }
    case 'refused':
      return failed(result.reason);
    case 'failed':
      return failed(`${result.code}: ${result.message}`, result.durationMs);
  }
}

function failed(error: string, ms = 0): Outcome {
  return { ok: false, status: null, error, ms, answer: '', retryAfter: undefined };
}

/** Undefined when the row that it is about is gone. */
function toldOf(
  { phoneOf, wabaOf, mediaUrlOf }: PostOptions,
  report: ClaimedReport,
  url: string,
): Report | undefined {
  const event = eventName(report.kind);
  const delivery = {
    occurredAt: new Date(report.occurred_at),
    attempt: report.attempt,
    deliveredTo: url,
    endpointId: report.endpoint_id ?? undefined,
  };
  if (isNoticeEvent(event)) {
    if (report.notice === null) return undefined;
    const notice = noticeFromJson(report.notice, phoneOf);
    const eventId = eventIdOf(notice.id, report.kind);
    return {
      ...delivery,
      about: 'notice',
      eventId,
      event,
      notice,
      subscribed: report.subscribed ?? [],
      properties: report.properties === null ? undefined : JSON.parse(report.properties),
    };
  }
  if (report.message === null) return undefined;
  const message = messageFromJson(report.message);
  return {
    ...delivery,
    about: 'message',
    eventId: eventIdOf(message.id, report.kind),
    event,
    message,
    senderPhone: phoneOf(message.senderId) ?? '',
    senderWaba: wabaOf(message.senderId) ?? '',
    personName: report.name ?? undefined,
    mediaUrl: message.direction === 'outbound' ? undefined : mediaUrlOf(message),
  };
}
