import type { IncomingHttpHeaders } from 'node:http';
import type { Behaviour } from './behaviour.ts';
import type { DialectName } from './dialects.ts';
import type { Verdict } from './signature.ts';

/** What a receiver did with a request. */
export interface Answer {
  behaviour: Behaviour['kind'];
  /** `waiting` until it is given; `closed` is a connection dropped here, `left` a sender who did not wait. */
  state: 'waiting' | 'given' | 'closed' | 'left';
  /** undefined where nothing was answered */
  status: number | undefined;
  retryAfter: string | undefined;
  location: string | undefined;
  /** from the whole request to the answer, or to the end without one, ms */
  ms: number | undefined;
}

/** One request to a receiver, as it came. */
export interface Delivery {
  /** Counts up over all receivers. */
  id: number;
  receiver: string;
  /** ms since 1970 */
  at: number;
  method: string;
  /** with its query */
  path: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  /** undefined when it looks like none that is known here */
  dialect: DialectName | undefined;
  type: string | undefined;
  eventId: string | undefined;
  /** from 1; where the body tells it */
  attempt: number | undefined;
  /** how often the same event came before */
  seenBefore: number;
  signature: Verdict;
  answer: Answer;
}

/** For a list: everything but headers and body. */
export function briefOf(delivery: Delivery): Record<string, unknown> {
  const { answer } = delivery;
  return {
    id: delivery.id,
    receiver: delivery.receiver,
    at: new Date(delivery.at).toISOString(),
    method: delivery.method,
    path: delivery.path,
    size: delivery.body.length,
    dialect: delivery.dialect ?? null,
    type: delivery.type ?? null,
    event_id: delivery.eventId ?? null,
    attempt: delivery.attempt ?? null,
    seen_before: delivery.seenBefore,
    signature: delivery.signature,
    answer: {
      behaviour: answer.behaviour,
      state: answer.state,
      status: answer.status ?? null,
      ...(answer.retryAfter !== undefined && { retry_after: answer.retryAfter }),
      ...(answer.location !== undefined && { location: answer.location }),
      ms: answer.ms ?? null,
    },
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The whole of it; a body that is no UTF-8 comes as `body_base64`. */
export function wholeOf(delivery: Delivery): Record<string, unknown> {
  const { headers, body } = delivery;
  return { ...briefOf(delivery), headers, ...bodyOf(body) };
}

function bodyOf(body: Buffer): { body: string } | { body_base64: string } {
  try {
    return { body: utf8.decode(body) };
  } catch {
    return { body_base64: body.toString('base64') };
  }
}
