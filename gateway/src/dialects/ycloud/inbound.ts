import type { Message } from '../../message/message.ts';
import { isObject } from '../field.ts';
import { type SenderOf, time } from './translate.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * What somebody wrote, as YCloud tells it (ycloud §8.1): Meta's own object, with numbers in E.164 and a link to the file.
 *
 * @param name what the writer is called in WhatsApp
 * @param mediaUrl where its file is to be had
 */
export function toInbound(
  message: Message,
  sender: ReturnType<SenderOf>,
  name: string | undefined,
  mediaUrl: string | undefined,
): object {
  return {
    ...ends(message),
    from: message.recipient,
    ...(name === undefined ? {} : { customerProfile: { name } }),
    to: sender?.phoneNumber ?? '',
    wabaId: sender?.wabaId ?? '',
    sendTime: time(message.createdAt),
    ...said(message, mediaUrl),
  };
}

/** What the business wrote in the WhatsApp Business app on a number that is in both. */
export function toEcho(message: Message, sender: ReturnType<SenderOf>): object {
  return {
    ...ends(message),
    from: sender?.phoneNumber ?? '',
    to: message.recipient,
    wabaId: sender?.wabaId ?? '',
    status: 'sent',
    createTime: time(message.createdAt),
    sendTime: time(message.createdAt),
    ...said(message, undefined),
    bizType: 'whatsapp',
  };
}

function ends(message: Message): object {
  return { id: message.id, ...(message.wamid === undefined ? {} : { wamid: message.wamid }) };
}

/** Beside the object that `type` names. */
const FRAME = ['context', 'referral', 'errors', 'system'] as const;

function said({ kind, content }: Message, mediaUrl: string | undefined): Fields {
  const own = content[kind];
  return {
    type: kind,
    ...(own === undefined ? {} : { [kind]: withLink(own, mediaUrl) }),
    ...Object.fromEntries(
      FRAME.filter(name => name !== kind && content[name] !== undefined).map(name => [name, content[name]]),
    ),
  };
}

function withLink(file: unknown, mediaUrl: string | undefined): unknown {
  if (mediaUrl === undefined || !isObject(file)) return file;
  const { url: _, ...rest } = file;
  return { ...rest, link: mediaUrl };
}
