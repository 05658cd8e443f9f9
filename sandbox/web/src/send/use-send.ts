import { useMutation } from '@tanstack/react-query';
import { sendFrom } from '../api.ts';
import { useChat } from '../chat-context.ts';
import { useLive } from '../live.ts';
import type { Outgoing } from '../outgoing.ts';

interface Sending {
  outgoing: Outgoing;
  /** The wamid that it answers. */
  quotes?: string;
}

/** Kinds that change a message which stands already, so that the chat has no new end to show. */
const CHANGES: ReadonlySet<Outgoing['type']> = new Set(['reaction', 'edit', 'revoke']);

/** Sends from a phone to a business, both in E.164; `sent` is called when something new stands in their chat. */
export function useSendFrom(phone: string, business: string, sent?: () => void) {
  const live = useLive();
  return useMutation({
    mutationFn: ({ outgoing, quotes }: Sending) => sendFrom(phone, business, outgoing, quotes),
    onSuccess: (message, { outgoing }) => {
      live.add({ kind: 'message', message });
      if (!CHANGES.has(outgoing.type)) sent?.();
    },
  });
}

/** Sends from the person's phone to the business of the chat. */
export function useSend() {
  const { phone, business, sent } = useChat();
  return useSendFrom(phone, business, sent);
}
