import { createContext, useContext } from 'react';
import type { PhoneMessage } from './api.ts';

/** What a bubble can ask of the chat that it stands in. */
export interface ChatTools {
  /** E.164, the person's */
  phone: string;
  /** E.164, the business's */
  business: string;
  /** Scrolls to a message and points at it. */
  jump(wamid: string): void;
  quote(message: PhoneMessage): void;
  edit(message: PhoneMessage): void;
  /** Something that the person sent stands at the end of the chat. */
  sent(): void;
}

export const ChatContext = createContext<ChatTools | null>(null);

export function useChat(): ChatTools {
  const chat = useContext(ChatContext);
  if (!chat) throw new Error('A message stands outside its chat.');
  return chat;
}
