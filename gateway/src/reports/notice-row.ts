import type { Notice } from './encoder.ts';

/** A row of `notices` that came as JSON. */
export function noticeFromJson(
  row: Record<string, unknown>,
  phoneOf: (senderId: string) => string | undefined,
): Notice {
  const sender = row.sender_id;
  return {
    id: row.id as string,
    workspaceId: row.workspace_id as string,
    wabaId: (row.waba_id as string | null) ?? '',
    senderPhone: typeof sender === 'string' ? phoneOf(sender) : undefined,
    field: row.field as string,
    event: (row.event as string | null) ?? undefined,
    value: JSON.parse(row.value as string) as Record<string, unknown>,
    at: new Date(row.at as string),
  };
}
