import { type RawBuilder, sql } from 'kysely';
import { canonicalRecipient } from '../message/phone.ts';

/**
 * SQL: the name under which windows and consent know somebody.
 *
 * @param name phone number or user id, in any spelling
 */
export function knownAs(workspaceId: string, name: string): RawBuilder<string> {
  const key = canonicalRecipient(name);
  return sql<string>`coalesce((
    select recipient from recipient_aliases where workspace_id = ${workspaceId} and alias = ${key}), ${key})`;
}
