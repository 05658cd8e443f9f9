import type { EventName } from '../message/event.ts';
import { derivedId } from '../message/id.ts';
import type { Message } from '../message/message.ts';

/** One delivery of one event to one URL, as a dialect's encoder sees it. */
export interface Report {
  /** The same for every attempt and every URL of one event; receivers know repeats by it. */
  readonly eventId: string;
  readonly event: EventName;
  /** When it happened, by Meta's time where Meta said it. */
  readonly occurredAt: Date;
  /** From 1, counted over the URL and its failover together. */
  readonly attempt: number;
  /** The URL that this attempt goes to. */
  readonly deliveredTo: string;
  readonly message: Message;
  /** Our number, E.164. */
  readonly senderPhone: string;
}

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One event, whoever is told of it: the same for every URL and every attempt. Derived, so nothing has to store it. */
export function eventIdOf(messageId: string, kind: number): string {
  return derivedId(messageId, `event:${kind}`);
}

/** What a report is signed with. Signatures are made afresh for each attempt. */
export interface SigningKeys {
  /** Ed25519 over the bytes given: 64 raw bytes. The key pair of the workspace. */
  readonly ed25519: (bytes: Buffer) => Buffer;
  /** The endpoint's own secret, for dialects that sign with one. */
  readonly secret: string | undefined;
}

/** Turns a report into the vendor's own signed request. One for each dialect, passed in by `gateway.ts`. */
export type ReportEncoder = (report: Report, keys: SigningKeys, now: Date) => SignedRequest;
