import { ActionIcon } from '@mantine/core';
import { useDocumentVisibility } from '@mantine/hooks';
import { IconChevronDown } from '@tabler/icons-react';
import { Fragment, useEffect, useMemo, useRef, useState } from 'react';
import type { PhoneMessage, SenderName } from './api.ts';
import { Bubble } from './bubble.tsx';
import classes from './chat.module.css';
import { ChatContext, type ChatTools } from './chat-context.ts';
import { choicesIn } from './choices.ts';
import { type About, Composer } from './composer.tsx';
import { useMarkRead, useSettings } from './queries.ts';
import { gatherReactions } from './reactions.ts';
import { Scroller } from './scroller.tsx';
import { dayName } from './time.ts';

interface ChatProps {
  phone: string;
  business: SenderName | undefined;
  /** All of the phone's messages, those of other businesses among them. */
  messages: PhoneMessage[];
}

/** How far from the newest message, px, before the way back to it is offered. */
const FAR = 160;
/** How long a message is pointed at after a jump to it, ms. */
const POINTED_MS = 1_700;

export function Chat({ phone, business, messages }: ChatProps) {
  const [about, setAbout] = useState<About>();
  const [far, setFar] = useState(false);
  const scroller = useRef<HTMLDivElement>(null);
  const { pointed, jump } = useJump(scroller);
  const number = business?.phone_number;
  const { shown, reactions, byWamid, choices } = useMemo(() => {
    const own = messages.filter(({ sender }) => sender.phone_number === number);
    return {
      ...gatherReactions(own),
      byWamid: new Map(own.map(message => [message.wamid, message])),
      choices: choicesIn(own),
    };
  }, [messages, number]);
  useReading(phone, shown);
  const toNewest = () => scroller.current?.scrollTo({ top: 0 });
  const tools = useMemo<ChatTools>(
    () => ({
      phone,
      business: number ?? '',
      jump,
      quote: message => setAbout({ kind: 'quote', message }),
      edit: message => setAbout({ kind: 'edit', message }),
      sent: () => scroller.current?.scrollTo({ top: 0 }),
    }),
    [phone, number, jump],
  );

  return (
    <ChatContext value={tools}>
      <div className={classes.wall}>
        <Scroller
          ref={scroller}
          className={classes.scroll}
          role="log"
          aria-label="Messages"
          onScroll={event => setFar(event.currentTarget.scrollTop < -FAR)}
        >
          <ol className={classes.messages}>
            {shown.map((message, index) => {
              const { wamid, context } = message;
              const day = dayName(message.at);
              const before = shown[index - 1];
              const reaction = reactions.get(wamid);
              return (
                <Fragment key={wamid}>
                  {(!before || dayName(before.at) !== day) && <li className={classes.day}>{day}</li>}
                  <Bubble
                    message={message}
                    quoted={context?.id === undefined ? undefined : byWamid.get(context.id)}
                    byBusiness={reaction?.business}
                    byPerson={reaction?.person}
                    choices={choices.get(wamid)}
                    pointed={pointed === wamid}
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
        </Scroller>
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
          key={about?.kind === 'edit' ? about.message.wamid : 'new'}
          phone={phone}
          business={business.phone_number}
          about={about}
          onAboutDropped={() => setAbout(undefined)}
        />
      )}
    </ChatContext>
  );
}

/** Leads to a message: into the middle of the chat, with the focus, and pointed at for a moment. */
function useJump(scroller: React.RefObject<HTMLDivElement | null>) {
  const [pointed, setPointed] = useState<string>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  const jump = useMemo(
    () => (wamid: string) => {
      const target = scroller.current?.querySelector<HTMLElement>(`[data-wamid="${CSS.escape(wamid)}"]`);
      if (!target) return;
      const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
      target.focus({ preventScroll: true });
      target.scrollIntoView({ block: 'center', behavior: calm ? 'auto' : 'smooth' });
      setPointed(wamid);
      clearTimeout(timer.current);
      timer.current = setTimeout(() => setPointed(undefined), POINTED_MS);
    },
    [scroller],
  );
  return { pointed, jump };
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
