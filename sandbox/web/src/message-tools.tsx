import { ActionIcon, Popover } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowBackUp, IconDots, IconMoodPlus } from '@tabler/icons-react';
import type { PhoneMessage } from './api.ts';
import { useChat } from './chat-context.ts';
import { MessageMenu } from './message-menu.tsx';
import classes from './message-tools.module.css';
import { oneLine } from './summary.ts';

interface MessageToolsProps {
  message: PhoneMessage;
  /** The emoji that the person has put on it. */
  reaction: string | undefined;
}

/** What can be done with a message, beside it: react, reply, and change what is one's own. */
export function MessageTools({ message, reaction }: MessageToolsProps) {
  const { quote } = useChat();
  const [opened, { toggle, close }] = useDisclosure();
  const line = oneLine(message);
  const own = message.direction === 'from_phone';
  const Icon = own ? IconDots : IconMoodPlus;
  return (
    <div className={classes.tools} data-tools>
      <ActionIcon
        variant="subtle"
        color="gray"
        radius="xl"
        aria-label={own ? `More for: ${line}` : `React to: ${line}`}
        title={own ? 'React, edit, delete' : 'React'}
        aria-expanded={opened}
        onClick={toggle}
      >
        <Icon size={17} aria-hidden />
      </ActionIcon>
      {opened && (
        // Made only when it is wanted: a chat has hundreds of messages.
        <Popover opened onChange={close} position="top" shadow="md" trapFocus returnFocus withRoles={false}>
          <Popover.Target>
            <span className={classes.anchor} />
          </Popover.Target>
          <Popover.Dropdown p={6} role="dialog" aria-label={own ? 'React, edit or delete' : 'React'}>
            <MessageMenu message={message} reaction={reaction} onDone={close} />
          </Popover.Dropdown>
        </Popover>
      )}
      <ActionIcon
        variant="subtle"
        color="gray"
        radius="xl"
        aria-label={`Reply to: ${line}`}
        title="Reply"
        onClick={() => quote(message)}
      >
        <IconArrowBackUp size={17} aria-hidden />
      </ActionIcon>
    </div>
  );
}
