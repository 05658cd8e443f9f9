/** How the content of each type begins, as its own standard says. */
const BEGINNINGS: Record<string, (bytes: Buffer) => boolean> = {
  'image/jpeg': bytes => begins(bytes, 'ffd8ff'),
  'image/png': bytes => begins(bytes, '89504e470d0a1a0a'),
  'image/webp': bytes => at(bytes, 0, 'RIFF') && at(bytes, 8, 'WEBP'),
  'video/mp4': isIsoMedia,
  'video/3gpp': isIsoMedia,
  'audio/mp4': isIsoMedia,
  'audio/aac': bytes => (bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xf6) === 0xf0) || at(bytes, 0, 'ADIF'),
  'audio/mpeg': bytes => at(bytes, 0, 'ID3') || (bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0),
  'audio/amr': bytes => at(bytes, 0, '#!AMR'),
  'audio/ogg': isMonoOpus,
  'audio/opus': isMonoOpus,
  'application/pdf': bytes => bytes.toString('latin1', 0, 1024).includes('%PDF-'),
  'application/msword': isOldOffice,
  'application/vnd.ms-excel': isOldOffice,
  'application/vnd.ms-powerpoint': isOldOffice,
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': isZip,
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': isZip,
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': isZip,
  'text/plain': bytes => !bytes.subarray(0, 8192).includes(0),
};

/** Meta looks into a file: whether it is of the type that it is said to be. Unknown types are not looked at. */
export function isOfType(mime: string, bytes: Buffer): boolean {
  return BEGINNINGS[mime]?.(bytes) ?? true;
}

function begins(bytes: Buffer, hex: string): boolean {
  return bytes.toString('hex', 0, hex.length / 2) === hex;
}

function at(bytes: Buffer, offset: number, text: string): boolean {
  return bytes.toString('latin1', offset, offset + text.length) === text;
}

function isIsoMedia(bytes: Buffer): boolean {
  return at(bytes, 4, 'ftyp');
}

/** WhatsApp: audio/ogg is Opus with one channel only (meta-cloud-api §6); RFC 7845: channels in the tenth byte. */
function isMonoOpus(bytes: Buffer): boolean {
  const head = bytes.subarray(0, 512).indexOf('OpusHead');
  return at(bytes, 0, 'OggS') && head !== -1 && bytes[head + 9] === 1;
}

function isOldOffice(bytes: Buffer): boolean {
  return begins(bytes, 'd0cf11e0a1b11ae1');
}

function isZip(bytes: Buffer): boolean {
  return begins(bytes, '504b0304');
}
