import { Button, UnstyledButton } from '@mantine/core';
import { IconPencil, IconTrash } from '@tabler/icons-react';
import type { PhoneMessage } from './api.ts';
import { useChat } from './chat-context.ts';
import classes from './message-tools.module.css';
import { Refusal } from './send/refusal.tsx';
import { useSend } from './send/use-send.ts';

/** WhatsApp's own six first, then what people send often. */
const EMOJI = '👍 ❤️ 😂 😮 😢 🙏 🎉 🔥 👏 😍 😡 🤔 ✅ ❌ 👀 💯 🙌 🤝 😊 😭 🥳 😴 👎 🚀'.split(' ');

interface MessageMenuProps {
  message: PhoneMessage;
  reaction: string | undefined;
  onDone: () => void;
}

/** Emoji to put on a message; under them, for one's own, what changes it. */
export function MessageMenu({ message, reaction, onDone }: MessageMenuProps) {
  const { edit } = useChat();
  const send = useSend();
  const { wamid } = message;
  const react = (emoji: string) =>
    send.mutate(
      { outgoing: { type: 'reaction', reaction: { message_id: wamid, emoji } } },
      { onSuccess: onDone },
    );
  return (
    <>
      <div className={classes.emoji}>
        {EMOJI.map(emoji => (
          <UnstyledButton
            key={emoji}
            aria-label={emoji === reaction ? `Take back ${emoji}` : `React with ${emoji}`}
            aria-pressed={emoji === reaction}
            onClick={() => react(emoji === reaction ? '' : emoji)}
          >
            {emoji}
          </UnstyledButton>
        ))}
      </div>
      {message.direction === 'from_phone' && (
        <div className={classes.changes}>
          {message.type === 'text' && (
            <Button
              variant="subtle"
              size="compact-sm"
              leftSection={<IconPencil size={16} aria-hidden />}
              onClick={() => {
                edit(message);
                onDone();
              }}
            >
              Edit
            </Button>
          )}
          <Button
            variant="subtle"
            color="red"
            size="compact-sm"
            leftSection={<IconTrash size={16} aria-hidden />}
            onClick={() =>
              send.mutate(
                { outgoing: { type: 'revoke', revoke: { original_message_id: wamid } } },
                { onSuccess: onDone },
              )
            }
          >
            Delete for everyone
          </Button>
        </div>
      )}
      <Refusal error={send.error} />
    </>
  );
}
