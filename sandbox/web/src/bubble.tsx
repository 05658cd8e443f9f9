import { UnstyledButton } from '@mantine/core';
import { memo, useMemo } from 'react';
import type { PhoneMessage } from './api.ts';
import classes from './bubble.module.css';
import { useChat } from './chat-context.ts';
import { ContactActions } from './kinds/contact-cards.tsx';
import { Content } from './kinds/content.tsx';
import { readPeople } from './kinds/people.ts';
import { MessageTools } from './message-tools.tsx';
import { ActionGroup } from './rich/action-row.tsx';
import { Actions } from './rich/actions.tsx';
import { Carousel } from './rich/carousel.tsx';
import { richOf } from './rich/read.ts';
import { oneLine, templateLabel } from './summary.ts';
import { Ticks } from './ticks.tsx';
import { fullTime, timeOfDay } from './time.ts';

interface BubbleProps {
  message: PhoneMessage;
  /** The message that this one answers, when the page has it. */
  quoted: PhoneMessage | undefined;
  /** The emoji on it. */
  byBusiness: string | undefined;
  byPerson: string | undefined;
  /** JSON of the list of what the person chose in it: a text, so that an equal one draws nothing again. */
  choices: string | undefined;
  /** Whether a quote has just led here. */
  pointed: boolean;
}

export const Bubble = memo(function Bubble({
  message,
  quoted,
  byBusiness,
  byPerson,
  choices,
  pointed,
}: BubbleProps) {
  const rich = useMemo(() => (message.deleted ? undefined : richOf(message)), [message]);
  const chosen = useMemo<string[]>(() => (choices === undefined ? [] : JSON.parse(choices)), [choices]);
  const failed = message.status === 'failed';
  const people = message.type === 'contacts' && !message.deleted ? readPeople(message.contacts) : [];
  const reacted = byBusiness !== undefined || byPerson !== undefined;
  const { wamid } = message;
  return (
    <li
      className={classes.item}
      data-wamid={wamid}
      data-direction={message.direction}
      data-reacted={reacted || undefined}
      data-pointed={pointed || undefined}
      tabIndex={-1}
    >
      <div className={classes.row}>
        <div
          className={classes.bubble}
          data-failed={failed || undefined}
          data-bare={(message.type === 'sticker' && !failed && !message.deleted) || undefined}
          data-buttons={(rich && rich.actions.length > 0) || undefined}
        >
          {message.type === 'template' && (
            <div className={classes.label}>Template · {templateLabel(message)}</div>
          )}
          {message.context?.id !== undefined && <Quote wamid={message.context.id} quoted={quoted} />}
          <div className={classes.body} dir="auto">
            <Content message={message} rich={rich} />
            <span className={classes.meta} dir="ltr">
              {message.edited === true && !message.deleted && <span>Edited</span>}
              <time dateTime={message.at} title={fullTime(message.at)}>
                {timeOfDay(message.at)}
              </time>
              <Ticks status={message.status} />
            </span>
          </div>
          {failed && message.failure && (
            <div className={classes.failure}>
              <strong>{message.failure.code}</strong> {message.failure.title}
            </div>
          )}
          {rich && rich.actions.length > 0 && (
            <ActionGroup>
              <Actions actions={rich.actions} wamid={wamid} choices={chosen} />
            </ActionGroup>
          )}
          {people.length > 0 && (
            <ActionGroup>
              <ContactActions people={people} />
            </ActionGroup>
          )}
          {reacted && <ReactionPill byBusiness={byBusiness} byPerson={byPerson} />}
        </div>
        {!failed && !message.deleted && <MessageTools message={message} reaction={byPerson} />}
      </div>
      {rich && rich.cards.length > 0 && <Carousel cards={rich.cards} wamid={wamid} choices={chosen} />}
    </li>
  );
});

/** What a message answers; a tap leads there, when it is still in the chat. */
function Quote({ wamid, quoted }: { wamid: string; quoted: PhoneMessage | undefined }) {
  const { jump } = useChat();
  const line = (
    <span className={classes.line} dir="auto">
      {quoted ? oneLine(quoted) : 'An earlier message'}
    </span>
  );
  return (
    <blockquote className={classes.quote}>
      {quoted ? (
        <UnstyledButton className={classes.quoted} title="Show the message" onClick={() => jump(wamid)}>
          {line}
        </UnstyledButton>
      ) : (
        <div className={classes.quoted}>{line}</div>
      )}
    </blockquote>
  );
}

function ReactionPill({ byBusiness, byPerson }: Pick<BubbleProps, 'byBusiness' | 'byPerson'>) {
  const said = [
    byBusiness === undefined ? undefined : `${byBusiness} from the business`,
    byPerson === undefined ? undefined : `${byPerson} from this phone`,
  ].filter(Boolean);
  return (
    <div className={classes.reactions} role="img" aria-label={`Reactions: ${said.join(', ')}`}>
      {byBusiness !== undefined && <span>{byBusiness}</span>}
      {byPerson !== undefined && <span>{byPerson}</span>}
    </div>
  );
}
