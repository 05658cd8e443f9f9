import type { PhoneMessage } from './api.ts';
import { addressOf, type Fields, fieldsOf, numberOf, textOf } from './fields.ts';
import type { Media } from './rich/rich.ts';

/** Where a media object's bytes are: at the link it was given by, or in the sandbox under its id. */
export function sourceOf(media: Fields): string | undefined {
  const id = textOf(media.id) ?? textOf(media.media_id);
  return addressOf(media.link) ?? (id === undefined ? undefined : `/sandbox/media/${encodeURIComponent(id)}`);
}

export function mediaIn(value: unknown): Media {
  const media = fieldsOf(value);
  return {
    source: sourceOf(media),
    mimeType: textOf(media.mime_type),
    filename: textOf(media.filename),
  };
}

/** The file of an image, video, audio, document or sticker message. */
export function mediaOf(message: PhoneMessage): Media {
  const kept = fieldsOf(message.media);
  const given = mediaIn(message[message.type]);
  return {
    source: addressOf(kept.url) ?? given.source,
    mimeType: textOf(kept.mime_type) ?? given.mimeType,
    filename: given.filename ?? textOf(kept.filename),
    size: numberOf(kept.size),
  };
}

/** 1,234,567 bytes as "1.2 MB". */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}
