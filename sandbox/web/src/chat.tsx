import { ActionIcon } from '@mantine/core';
import { useDocumentVisibility } from '@mantine/hooks';
import { IconChevronDown } from '@tabler/icons-react';
import { Fragment, useEffect, useRef, useState } from 'react';
import type { PhoneMessage, SenderName } from './api.ts';
import { Bubble } from './bubble.tsx';
import classes from './chat.module.css';
import { Composer } from './composer.tsx';
import { useMarkRead, useSettings } from './queries.ts';
import { dayName } from './time.ts';

interface ChatProps {
  phone: string;
  business: SenderName | undefined;
  /** All of the phone's messages, those of other businesses among them. */
  messages: PhoneMessage[];
}

/** How far from the newest message, px, before the way back to it is offered. */
const FAR = 160;

export function Chat({ phone, business, messages }: ChatProps) {
  const [quoting, setQuoting] = useState<PhoneMessage>();
  const [far, setFar] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const shown = messages.filter(({ sender }) => sender.phone_number === business?.phone_number);
  const byWamid = new Map(shown.map(message => [message.wamid, message]));
  useReading(phone, shown);
  const toNewest = () => scroller.current?.scrollTo({ top: 0 });

  return (
    <>
      <div className={classes.wall}>
        <div
          ref={scroller}
          className={classes.scroll}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach what it hides
          tabIndex={0}
          role="log"
          aria-label="Messages"
          onScroll={event => setFar(event.currentTarget.scrollTop < -FAR)}
        >
          <ol className={classes.messages}>
            {shown.map((message, index) => {
              const day = dayName(message.at);
              const before = shown[index - 1];
              return (
                <Fragment key={message.wamid}>
                  {(!before || dayName(before.at) !== day) && <li className={classes.day}>{day}</li>}
                  <Bubble
                    message={message}
                    quoted={message.context?.id === undefined ? undefined : byWamid.get(message.context.id)}
                    onQuote={setQuoting}
                  />
                </Fragment>
              );
            })}
          </ol>
          {shown.length === 0 && (
            <p className={classes.empty}>
              {business
                ? 'Nothing here yet. Write first, or send this phone a message.'
                : 'The sandbox has no business number yet.'}
            </p>
          )}
        </div>
        {far && (
          <ActionIcon
            className={classes.newest}
            variant="default"
            size={40}
            radius="xl"
            aria-label="To the newest message"
            onClick={toNewest}
          >
            <IconChevronDown size={20} aria-hidden />
          </ActionIcon>
        )}
      </div>
      {business && (
        <Composer
          phone={phone}
          business={business.phone_number}
          quoting={quoting}
          onQuoteDropped={() => setQuoting(undefined)}
          onSent={toNewest}
        />
      )}
    </>
  );
}

/** With automatic reading off, whoever looks at the chat reads what was delivered to it. */
function useReading(phone: string, shown: PhoneMessage[]): void {
  const autoRead = useSettings().data?.auto_read;
  const visibility = useDocumentVisibility();
  const { mutate } = useMarkRead();
  const newest = shown.findLast(
    ({ direction, status }) => direction === 'to_phone' && status === 'delivered',
  )?.wamid;
  useEffect(() => {
    if (autoRead === false && visibility === 'visible' && newest !== undefined) mutate(phone);
  }, [autoRead, visibility, newest, phone, mutate]);
}
