import { ActionIcon, Avatar, Badge, Switch, TextInput, Title, VisuallyHidden } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconPlus, IconSearch } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { memo, useDeferredValue, useState } from 'react';
import type { Phone } from './api.ts';
import { FirstMessage } from './first-message.tsx';
import { NewPhone } from './new-phone.tsx';
import { toE164 } from './number.ts';
import classes from './phone-list.module.css';
import { usePhones, useSetAutoRead, useSettings } from './queries.ts';
import { oneLine } from './summary.ts';
import { Ticks } from './ticks.tsx';
import { shortTime } from './time.ts';

export function PhoneList({ selected }: { selected: string | undefined }) {
  const phones = usePhones();
  const [asking, { open, close }] = useDisclosure();
  const [typed, setTyped] = useState('');
  const wanted = useDeferredValue(typed.trim().toLowerCase());
  const shown = phones.data?.filter(
    ({ phone, name }) => wanted === '' || phone.includes(wanted) || name.toLowerCase().includes(wanted),
  );
  const unmet = shown?.length === 0 ? toE164(wanted) : undefined;
  return (
    <nav className={classes.list} aria-label="Phones">
      <div className={classes.head}>
        <Title order={2} size={20}>
          Phones
        </Title>
        <ActionIcon size={36} radius="xl" aria-label="Open a phone" title="Open a phone" onClick={open}>
          <IconPlus size={20} aria-hidden />
        </ActionIcon>
      </div>
      <TextInput
        className={classes.search}
        radius="xl"
        type="search"
        aria-label="Find a phone"
        placeholder="Number or name"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={typed}
        onChange={event => setTyped(event.currentTarget.value)}
      />
      <div className={classes.scroll}>
        {phones.isError && !phones.data && <p className={classes.note}>{phones.error.message}</p>}
        {phones.data?.length === 0 && (
          <div className={classes.first}>
            <FirstMessage onOpenPhone={open} />
          </div>
        )}
        <ul className={classes.rows}>
          {shown?.map(phone => (
            <Row key={phone.phone} phone={phone} chosen={phone.phone === selected} />
          ))}
        </ul>
        {wanted !== '' && shown?.length === 0 && (
          <p className={classes.note}>
            No phone fits.{' '}
            {unmet !== undefined && (
              <Link to="/phones/$phone" params={{ phone: unmet }} onClick={() => setTyped('')}>
                Open {unmet}
              </Link>
            )}
          </p>
        )}
      </div>
      <AutoRead />
      <NewPhone opened={asking} onClose={close} />
    </nav>
  );
}

const Row = memo(function Row({ phone, chosen }: { phone: Phone; chosen: boolean }) {
  const { last, unread } = phone;
  return (
    <li className={classes.item}>
      <Link
        to="/phones/$phone"
        params={{ phone: phone.phone }}
        className={classes.row}
        aria-current={chosen ? 'page' : undefined}
      >
        <Avatar name={phone.name || phone.phone.slice(-2)} color="initials" size={46} aria-hidden />
        <span className={classes.words}>
          <span className={classes.line}>
            <span className={classes.number}>
              {phone.phone}
              <span className={classes.name}>{phone.name}</span>
            </span>
            {last && <time dateTime={last.at}>{shortTime(last.at)}</time>}
          </span>
          <span className={classes.line}>
            <span className={classes.last}>
              {last?.direction === 'to_phone' && <Ticks status={last.status} />}
              <span className={classes.clip} dir="auto">
                {last
                  ? `${last.direction === 'from_phone' ? 'Reply: ' : ''}${oneLine(last)}`
                  : 'No messages yet'}
              </span>
            </span>
            {unread > 0 && (
              <Badge circle={unread < 10} size="md">
                {unread > 99 ? '99+' : unread}
                <VisuallyHidden> unread</VisuallyHidden>
              </Badge>
            )}
          </span>
        </span>
      </Link>
    </li>
  );
});

/** Whether phones read by themselves. Off, a message is read when its chat is looked at here. */
function AutoRead() {
  const settings = useSettings();
  const change = useSetAutoRead();
  const known = change.isPending ? change.variables : settings.data?.auto_read;
  return (
    <div className={classes.foot}>
      <Switch
        label="Phones read by themselves"
        description={
          known === false
            ? 'Off: opening a chat reads it'
            : `On: ${(settings.data?.read_ms ?? 1500) / 1000} s after sending`
        }
        checked={known ?? true}
        disabled={known === undefined}
        onChange={event => change.mutate(event.currentTarget.checked)}
      />
      {change.isError && (
        <p role="alert" className={classes.refused}>
          {change.error.message}
        </p>
      )}
    </div>
  );
}
