import type { MessageEvent, NoticeEvent } from '../message/event.ts';
import { derivedId } from '../message/id.ts';
import type { Message } from '../message/message.ts';

/** One delivery of one event to one URL, as a dialect's encoder sees it. */
export type Report = MessageReport | NoticeReport;

interface Delivery {
  /** The same for every attempt and every URL of one event; receivers know repeats by it. */
  readonly eventId: string;
  /** When it happened, by Meta's time where Meta said it. */
  readonly occurredAt: Date;
  /** From 1, counted over the URL and its failover together. */
  readonly attempt: number;
  /** The URL that this attempt goes to. */
  readonly deliveredTo: string;
  /** Undefined for a message's own URL. */
  readonly endpointId: string | undefined;
}

export interface MessageReport extends Delivery {
  readonly about: 'message';
  readonly event: MessageEvent;
  readonly message: Message;
  /** Our number, E.164. */
  readonly senderPhone: string;
  /** The account of our number. */
  readonly senderWaba: string;
  /** What the writer of an inbound message is called in WhatsApp. */
  readonly personName?: string | undefined;
  /** Where the file of an inbound media is to be had, signed and for a time. */
  readonly mediaUrl?: string | undefined;
}

export interface NoticeReport extends Delivery {
  readonly about: 'notice';
  readonly event: NoticeEvent;
  readonly notice: Notice;
  /** What the endpoint asked for, in the dialect's own names: one of our events can have several of them. */
  readonly subscribed: readonly string[];
  /** Of these events, by the dialect's name, it asked for the change of these properties only. */
  readonly properties?: Readonly<Record<string, readonly string[]>> | undefined;
}

/** What happened to an account, a number, a template or a person: what Meta said, or what follows from a change here. */
export interface Notice {
  readonly id: string;
  readonly workspaceId: string;
  /** Empty for what is about no account. */
  readonly wabaId: string;
  /** The number it is about, E.164, where it is about one. */
  readonly senderPhone: string | undefined;
  /** Meta's field, such as `account_update`; `consent` and `contact` are ours. */
  readonly field: string;
  /** Meta's `event`, where the field has one. */
  readonly event: string | undefined;
  /** Meta's object, verbatim; ours as its room writes it. */
  readonly value: Readonly<Record<string, unknown>>;
  readonly at: Date;
}

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * One event, whoever is told of it: the same for every URL and every attempt. Derived, so nothing has to store it.
 *
 * @param id of the message or the notice
 */
export function eventIdOf(id: string, kind: number): string {
  return derivedId(id, `event:${kind}`);
}

/** What a report is signed with. Signatures are made afresh for each attempt. */
export interface SigningKeys {
  /** Ed25519 over the bytes given: 64 raw bytes. The key pair of the workspace. */
  readonly ed25519: (bytes: Buffer) => Buffer;
  /** The endpoint's own secret, for dialects that sign with one. */
  readonly secret: string | undefined;
  /** The secret before it, while both hold. */
  readonly previousSecret?: string | undefined;
}

/**
 * Turns a report into the vendor's own signed request. One for each dialect, passed in by `gateway.ts`.
 *
 * @returns undefined for a notice that the vendor has no event for, or none that the endpoint asked for: it is not sent
 */
export type ReportEncoder = (report: Report, keys: SigningKeys, now: Date) => SignedRequest | undefined;
