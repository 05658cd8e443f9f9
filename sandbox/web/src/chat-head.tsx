import { Avatar, Badge, Menu, UnstyledButton, VisuallyHidden } from '@mantine/core';
import { IconBuildingStore, IconCheck, IconChevronDown } from '@tabler/icons-react';
import type { SenderName } from './api.ts';
import classes from './chat-head.module.css';

interface ChatHeadProps {
  business: SenderName | undefined;
  businesses: SenderName[];
  waiting: Map<string, number>;
  onChoose: (phoneNumber: string) => void;
}

/** Who the phone talks with. With several businesses it opens the list of its chats. */
export function ChatHead({ business, businesses, waiting, onChoose }: ChatHeadProps) {
  if (!business) return <div className={classes.head}>No business number yet</div>;
  const elsewhere = businesses.some(
    ({ phone_number: number }) => number !== business.phone_number && waiting.has(number),
  );
  const who = (
    <>
      <Avatar size={38} color="wire" variant="filled" aria-hidden>
        <IconBuildingStore size={20} />
      </Avatar>
      <span className={classes.words}>
        <span className={classes.name}>{business.display_name || business.phone_number}</span>
        <span className={classes.number}>{business.phone_number}</span>
      </span>
    </>
  );
  if (businesses.length === 1) return <div className={classes.head}>{who}</div>;
  return (
    <Menu position="bottom-start" width="target" shadow="md" withinPortal>
      <Menu.Target>
        <UnstyledButton className={classes.head}>
          {who}
          {elsewhere && (
            <Badge size="xs" circle aria-hidden>
              •
            </Badge>
          )}
          <IconChevronDown size={18} aria-hidden />
          <VisuallyHidden>Chats with other businesses{elsewhere ? ', some unread' : ''}</VisuallyHidden>
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown className={classes.menu}>
        {businesses.map(each => (
          <Menu.Item
            key={each.phone_number}
            onClick={() => onChoose(each.phone_number)}
            rightSection={
              each.phone_number === business.phone_number ? (
                <IconCheck size={16} aria-label="This chat" />
              ) : waiting.has(each.phone_number) ? (
                <Badge size="sm">{waiting.get(each.phone_number)} unread</Badge>
              ) : null
            }
          >
            {each.display_name || each.phone_number}
            <span className={classes.number}>{each.phone_number}</span>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
