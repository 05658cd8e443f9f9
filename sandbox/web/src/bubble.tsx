import { ActionIcon } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { memo } from 'react';
import type { PhoneMessage } from './api.ts';
import classes from './bubble.module.css';
import { richText } from './rich-text.tsx';
import { oneLine, shownText, templateLabel } from './summary.ts';
import { Ticks } from './ticks.tsx';
import { fullTime, timeOfDay } from './time.ts';

interface BubbleProps {
  message: PhoneMessage;
  /** The message that this one answers, when the page has it. */
  quoted: PhoneMessage | undefined;
  onQuote: (message: PhoneMessage) => void;
}

export const Bubble = memo(function Bubble({ message, quoted, onQuote }: BubbleProps) {
  const text = shownText(message);
  const failed = message.status === 'failed';
  return (
    <li className={classes.row} data-direction={message.direction}>
      <div className={classes.bubble} data-failed={failed || undefined}>
        {message.type === 'template' && (
          <div className={classes.label}>Template · {templateLabel(message)}</div>
        )}
        {message.context?.id !== undefined && (
          <blockquote className={classes.quote} dir="auto">
            {quoted ? oneLine(quoted) : 'An earlier message'}
          </blockquote>
        )}
        <div className={classes.body} dir="auto">
          {text === undefined ? (
            <Card message={message} />
          ) : (
            <span className={classes.text}>{richText(text)}</span>
          )}
          <span className={classes.meta} dir="ltr">
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
      </div>
      {!failed && (
        <ActionIcon
          className={classes.answer}
          variant="subtle"
          color="gray"
          radius="xl"
          aria-label={`Reply to: ${oneLine(message)}`}
          title="Reply"
          onClick={() => onQuote(message)}
        >
          <IconArrowBackUp size={17} aria-hidden />
        </ActionIcon>
      )}
    </li>
  );
});

/** A type that the page has no drawing for: its name and what was sent. */
function Card({ message }: { message: PhoneMessage }) {
  return (
    <span className={classes.card}>
      <span className={classes.label}>{message.type}</span>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard must reach what it hides */}
      <code className={classes.json} tabIndex={0}>
        {JSON.stringify(message[message.type] ?? null, null, 2)}
      </code>
    </span>
  );
}
