import type { Directory } from '../accounts/directory.ts';
import { isUuid } from '../accounts/outcome.ts';
import { isE164 } from '../message/phone.ts';
import { invalid } from './problem.ts';

/** A plus sign that was not written as %2B arrives as a space. */
export function phone(parameter: string, text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const number = text.replace(/^ ?(?=\d)/, '+');
  if (!isE164(number)) throw invalid({ parameter, detail: `${parameter} must be a number in E.164.` });
  return number;
}

/** A sender is named by its id or its number; null when the workspace has none with this number. */
export function senderId(directory: Directory, workspaceId: string, text: string): string | null {
  if (isUuid(text)) return text;
  return directory.senderByPhone(workspaceId, phone('sender', text)!)?.id ?? null;
}
