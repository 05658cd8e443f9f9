import { ActionIcon, Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconArrowLeft, IconUserCog } from '@tabler/icons-react';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useEffect, useRef } from 'react';
import type { PhoneMessage, SenderName } from './api.ts';
import { Chat } from './chat.tsx';
import { ChatHead } from './chat-head.tsx';
import { toE164 } from './number.ts';
import classes from './phone-screen.module.css';
import { ProfileSheet } from './profile-sheet.tsx';
import { useMessages, usePhones, useSenders } from './queries.ts';
import { PHONE_ID } from './sheet.tsx';
import { NotHere } from './welcome.tsx';

export function PhoneScreen() {
  const params = useParams({ from: '/phones/$phone' });
  const phone = toE164(params.phone);
  if (phone === undefined) return <NotHere what={`${params.phone} is not a phone number.`} />;
  return <OnePhone key={phone} phone={phone} />;
}

/** A phone in the hand: whose it is above, and in it the chat with one business. */
function OnePhone({ phone }: { phone: string }) {
  const messages = useMessages(phone);
  const senders = useSenders();
  const name = usePhones().data?.find(known => known.phone === phone)?.name;
  const navigate = useNavigate();
  const [profile, { open: openProfile, close: closeProfile }] = useDisclosure();
  const { with: asked } = useSearch({ from: '/phones/$phone' });
  const businesses = businessesOf(messages.data ?? [], senders.data ?? []);
  // The chat that was opened stays open when another business writes, unless the person changes over.
  const opened = useRef<string>(undefined);
  if (messages.isSuccess && senders.isSuccess) opened.current ??= messages.data.at(-1)?.sender.phone_number;
  const business = businesses.find(each => each.phone_number === (asked ?? opened.current)) ?? businesses[0];

  useEffect(() => {
    document.title = `${phone} · Wirebird sandbox`;
    return () => {
      document.title = 'Wirebird sandbox';
    };
  }, [phone]);

  return (
    <div className={classes.desk}>
      <div className={classes.owner}>
        <Link to="/" className={classes.back} aria-label="Back to the phones">
          <ActionIcon component="span" variant="subtle" color="gray" size={40} radius="xl">
            <IconArrowLeft size={22} aria-hidden />
          </ActionIcon>
        </Link>
        <div className={classes.names}>
          <h2 className={classes.number}>{phone}</h2>
          {name && (
            <span className={classes.name} dir="auto">
              {name}
            </span>
          )}
        </div>
        <ActionIcon
          variant="subtle"
          color="gray"
          size={40}
          radius="xl"
          aria-label="Who holds this phone"
          title="Who holds this phone"
          onClick={openProfile}
        >
          <IconUserCog size={21} aria-hidden />
        </ActionIcon>
      </div>
      <section id={PHONE_ID} className={classes.phone} aria-label={`Phone ${phone}`}>
        {messages.isError && !messages.data ? (
          <Text role="alert" p="lg" c="var(--sandbox-bad)">
            {messages.error.message}
          </Text>
        ) : (
          messages.data &&
          senders.data && (
            <>
              <ChatHead
                business={business}
                businesses={businesses}
                waiting={waitingBySender(messages.data)}
                onChoose={number =>
                  void navigate({
                    to: '/phones/$phone',
                    params: { phone },
                    search: { with: number },
                    replace: true,
                  })
                }
              />
              <ProfileSheet
                opened={profile}
                onClose={closeProfile}
                phone={phone}
                name={name ?? ''}
                business={business?.phone_number}
              />
              <Chat key={business?.phone_number} phone={phone} business={business} messages={messages.data} />
            </>
          )
        )}
      </section>
    </div>
  );
}

/** Those that the phone has a chat with, newest first, then the other numbers that it could write to. */
function businessesOf(messages: PhoneMessage[], senders: SenderName[]): SenderName[] {
  const found = new Map<string, SenderName>();
  for (const { sender } of messages.toReversed()) {
    if (!found.has(sender.phone_number)) found.set(sender.phone_number, sender);
  }
  for (const sender of senders) {
    if (!found.has(sender.phone_number)) found.set(sender.phone_number, sender);
  }
  return [...found.values()];
}

/** How many delivered messages of each business nobody has read. */
function waitingBySender(messages: PhoneMessage[]): Map<string, number> {
  const waiting = new Map<string, number>();
  for (const { direction, status, sender } of messages) {
    if (direction !== 'to_phone' || status !== 'delivered') continue;
    waiting.set(sender.phone_number, (waiting.get(sender.phone_number) ?? 0) + 1);
  }
  return waiting;
}
