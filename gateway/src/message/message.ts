import type { Content, ContentKind } from './content.ts';
import type { StoredFailure } from './failure.ts';
import type { StatusName } from './status.ts';

export type DialectName = 'telnyx' | 'infobip' | 'ycloud' | 'elevenlabs';

/** Lower leaves first. Reply: agent answers, free-form inside the window; bulk: bulk routes, marketing templates. */
export const PRIORITY = { reply: 0, normal: 1, bulk: 2 } as const;
export type PriorityName = keyof typeof PRIORITY;

/** One message that a caller asks for; the outbox turns it into a row. */
export interface Outbound {
  readonly workspaceId: string;
  readonly senderId: string;
  /** Undefined for what Wirebird says by itself. */
  readonly dialect: DialectName | undefined;
  /** E.164 with the plus sign. */
  readonly recipient: string;
  readonly content: Content;
  readonly priority?: PriorityName;
  /** The customer's own tag; stays with us and comes back in reports. */
  readonly callbackData?: string;
  readonly webhookUrl?: string;
  readonly webhookFailoverUrl?: string;
  /** How long it may wait until it is sent; the workspace's default when not given. */
  readonly validForMs?: number;
  /** What becomes of it when its outcome stays unknown; the workspace's policy when not given. */
  readonly unconfirmedPolicy?: 'resend' | 'fail';
  /** How long its outcome may stay unknown; the workspace's deadline when not given. */
  readonly unconfirmedDeadlineMs?: number;
  /** What a recipient's opt-outs mean for it; the workspace's policy when not given. */
  readonly consent?: Consent;
  /**
   * How its caller learns what is known to stand against it when it is accepted. `refuse`, the default: nothing is stored.
   * `report`: it is stored and ends at once, as failed or suppressed.
   */
  readonly known?: 'refuse' | 'report';
  /** Its caller waits for what WhatsApp says of it: it is tried once. */
  readonly direct?: boolean;
}

/** The reasons of `CONSENT` that hold a message back, as masks. */
export interface Consent {
  readonly mask: number;
  /** Beside `mask`, for an advertisement. */
  readonly marketingMask: number;
}

/** As stored, by their number. */
export const DIRECTIONS = ['outbound', 'inbound', 'echo'] as const;
export type Direction = (typeof DIRECTIONS)[number];

/** A message as read back; times are undefined until they happened. */
export interface Message {
  readonly id: string;
  readonly workspaceId: string;
  readonly senderId: string;
  /** `echo`: sent from the WhatsApp Business app on a number that is in both. */
  readonly direction: Direction;
  readonly dialect: DialectName | undefined;
  /** The person at the other end, E.164. */
  readonly recipient: string;
  readonly kind: ContentKind | string;
  /** Meta's object: `{type, <type>: …, context?}`; for inbound messages as Meta sent it. */
  readonly content: Record<string, unknown>;
  readonly status: StatusName;
  readonly attempt: number;
  readonly priority: number;
  readonly wamid: string | undefined;
  readonly callbackData: string | undefined;
  readonly webhookUrl: string | undefined;
  readonly webhookFailoverUrl: string | undefined;
  readonly failure: StoredFailure | undefined;
  /** Meta's pricing object of the status, verbatim. */
  readonly pricing: Record<string, unknown> | undefined;
  readonly createdAt: Date;
  readonly sendingAt: Date | undefined;
  readonly acceptedAt: Date | undefined;
  readonly sentAt: Date | undefined;
  readonly deliveredAt: Date | undefined;
  readonly readAt: Date | undefined;
  /** A voice message was heard. */
  readonly playedAt: Date | undefined;
  /** It was deleted for everybody. */
  readonly deletedAt: Date | undefined;
  readonly endedAt: Date | undefined;
  readonly validUntil: Date | undefined;
  /** Why it waits outside the ready queue, and until when. */
  readonly parked: string | undefined;
  readonly runAt: Date | undefined;
}
