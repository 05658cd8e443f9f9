import { fileTypeFromBuffer } from 'file-type';

/** What WhatsApp shows a file as (meta-cloud-api §6). */
export type MediaKind = 'image' | 'video' | 'audio' | 'sticker' | 'document';

const MB = 1024 * 1024;

const MIMES: Readonly<Record<string, MediaKind>> = {
  'image/jpeg': 'image',
  'image/png': 'image',
  'image/webp': 'sticker',
  'video/mp4': 'video',
  'video/3gpp': 'video',
  'audio/aac': 'audio',
  'audio/amr': 'audio',
  'audio/mpeg': 'audio',
  'audio/mp4': 'audio',
  'audio/ogg': 'audio',
};

/** WhatsApp: bytes of a file of each kind (§6); a sticker that moves may have 500 KB. */
const MAX: Readonly<Record<MediaKind, number>> = {
  image: 5 * MB,
  video: 16 * MB,
  audio: 16 * MB,
  sticker: 500 * 1024,
  document: 100 * MB,
};

/** WhatsApp: no file is larger (§6). */
export const MEDIA_BYTES_MAX = MAX.document;

/** Any other type goes as a document; Meta decides whether it takes it. */
export function kindOf(mimeType: string): MediaKind {
  return MIMES[mimeType] ?? 'document';
}

export function bytesMax(mimeType: string): number {
  return MAX[kindOf(mimeType)];
}

/** A type without its parameters, in small letters. */
export function bareMime(mimeType: string): string {
  return (mimeType.split(';')[0] ?? '').trim().toLowerCase();
}

/** Types that are one and the same under two names. */
const SAME: Readonly<Record<string, string>> = { 'audio/opus': 'audio/ogg', 'audio/x-m4a': 'audio/mp4' };

/**
 * Holds a declared type against the bytes: WhatsApp does, and refuses what is shown as an image and is none.
 *
 * @returns the type to go by, or a sentence
 */
export async function judgeType(
  bytes: Uint8Array,
  declared: string | undefined,
): Promise<{ readonly mimeType: string } | { readonly wrong: string }> {
  const sniffed = await fileTypeFromBuffer(bytes);
  const found = sniffed === undefined ? undefined : (SAME[sniffed.mime] ?? bareMime(sniffed.mime));
  const said = declared === undefined ? undefined : bareMime(declared);
  if (said === undefined || said === '' || said === 'application/octet-stream')
    return { mimeType: found ?? 'application/octet-stream' };
  if (!/^[\w.+-]+\/[\w.+-]+$/.test(said)) return { wrong: `${said} is not a media type.` };
  const pictured = MIMES[said] !== undefined;
  // Containers hold both sound and pictures: audio/mp4 is found as video/mp4.
  const alike = found?.split('/')[1] === said.split('/')[1];
  if (pictured && found !== said && !alike && !(said === 'audio/amr' || said === 'audio/aac'))
    return { wrong: `The file was declared as ${said} and is ${found ?? 'something else'}.` };
  return { mimeType: said };
}
