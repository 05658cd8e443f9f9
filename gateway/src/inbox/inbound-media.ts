import type { InboundMedia } from '../media/record.ts';
import type { InboundRow } from '../outbox/apply-statement.ts';
import { type Json, object, text } from './items.ts';

/** Kinds of messages that carry a file (meta-cloud-api §5.3). */
const FILE_KINDS: readonly string[] = ['image', 'video', 'document', 'audio', 'sticker'];

/** The file of a message as Meta describes it. */
function fileOf(content: Json): Json | undefined {
  const kind = text(content.type);
  return kind === undefined || !FILE_KINDS.includes(kind) ? undefined : object(content[kind]);
}

export function hasMedia(content: Json): boolean {
  return text(fileOf(content)?.id) !== undefined;
}

/** The file of an inbound message, to be fetched; none or one. */
export function inboundMedia(row: InboundRow): InboundMedia[] {
  // Most messages carry none, and need not be parsed again.
  if (!FILE_KINDS.includes(row.kind)) return [];
  const file = fileOf(JSON.parse(row.content) as Json);
  const metaId = text(file?.id);
  if (metaId === undefined) return [];
  return [
    {
      messageId: row.id,
      workspaceId: row.workspace,
      senderId: row.sender,
      metaId,
      mimeType: text(file?.mime_type) ?? 'application/octet-stream',
      sha256: text(file?.sha256),
      filename: text(file?.filename),
    },
  ];
}
