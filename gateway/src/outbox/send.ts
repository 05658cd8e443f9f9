import type { Send, SendResult } from '../carriers/whatsapp/client.ts';
import { type Failure, SENDER_GONE } from '../message/failure.ts';
import type { Clock } from '../store/clock.ts';

/** How content names media that we keep, until it is sent (see media/). */
const STORED_MEDIA = 'wbm:';

/**
 * What Meta says to a media id that it does not know any more: a parameter is wrong (100, 131009), or the file behind
 * it cannot be had (131052, 131053).
 */
const MEDIA_UNKNOWN: readonly string[] = ['100', '131009', '131052', '131053'];

/** A message whose upload took longer than this is claimed anew: its lease was made for one request. */
const UPLOAD_MAX_MS = 10_000;

export const UPLOADED: Failure = {
  code: 'media_uploaded',
  title: 'Its media was uploaded first',
  outcome: 'retry',
  retry: { kind: 'after', ms: 0 },
  neverLeft: true,
  remedy: 'Nothing to do: it is sent next.',
  source: 'wirebird',
};

const SENDER_UNKNOWN: Failure = {
  ...SENDER_GONE,
  title: 'The sender is not known here',
  outcome: 'retry',
  retry: { kind: 'after', ms: 5_000 },
  neverLeft: true,
};

export interface SendOptions<Sender> {
  readonly clock: Clock;
  /** Undefined when it is gone. */
  readonly senderById: (senderId: string) => Sender | undefined;
  /** One request to the carrier; never throws. */
  readonly send: (sender: Sender, send: Send) => Promise<SendResult>;
  /** Puts the carrier's media ids in the place of ours, uploading where there are none. */
  readonly resolve: (sender: Sender, content: string) => Promise<{ content: string } | { failure: Failure }>;
  /** The carrier does not know the ids of this content any more; true when there were any. */
  readonly forget: (sender: Sender, content: string) => Promise<boolean>;
}

/**
 * Sends one message, its media first.
 *
 * Media that the carrier has lost is uploaded anew, once: the refusal proves that nothing was sent.
 */
export function mediaFirst<Sender>(options: SendOptions<Sender>) {
  const { clock } = options;
  const attempt = async (sender: Sender, send: Send): Promise<SendResult> => {
    const began = clock.monotonic();
    const resolved = await options.resolve(sender, send.content);
    if ('failure' in resolved) return { kind: 'failed', failure: resolved.failure };
    if (clock.monotonic() - began > UPLOAD_MAX_MS) return { kind: 'failed', failure: UPLOADED };
    return options.send(sender, { ...send, content: resolved.content });
  };
  return async (senderId: string, send: Send): Promise<SendResult> => {
    const sender = options.senderById(senderId);
    // It may be gone for this moment only; messages of one that was deleted are ended by a sweep.
    if (sender === undefined) return { kind: 'failed', failure: SENDER_UNKNOWN };
    if (!send.content.includes(STORED_MEDIA)) return options.send(sender, send);
    const result = await attempt(sender, send);
    if (result.kind === 'accepted' || !MEDIA_UNKNOWN.includes(result.failure.code)) return result;
    return (await options.forget(sender, send.content)) ? attempt(sender, send) : result;
  };
}
