import { ActionIcon, CloseButton, Textarea } from '@mantine/core';
import { IconSend2 } from '@tabler/icons-react';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { PhoneMessage } from './api.ts';
import classes from './composer.module.css';
import { useWrite } from './queries.ts';
import { oneLine } from './summary.ts';

/** WhatsApp: the longest text that a person can write, characters. */
const TEXT_MAX = 65_536;

/** What was typed and not sent, by phone and business, while the page lives. */
const drafts = new Map<string, string>();

interface ComposerProps {
  phone: string;
  business: string;
  quoting: PhoneMessage | undefined;
  onQuoteDropped: () => void;
  onSent: () => void;
}

export function Composer({ phone, business, quoting, onQuoteDropped, onSent }: ComposerProps) {
  const place = `${phone} ${business}`;
  const [typed, setTyped] = useState(drafts.get(place) ?? '');
  const field = useRef<HTMLTextAreaElement>(null);
  const write = useWrite(phone);

  const change = (text: string) => {
    setTyped(text);
    drafts.set(place, text);
  };

  // Opening a chat is meant for writing; on a touch screen the keyboard would hide it, so there the person taps.
  useEffect(() => {
    if (quoting || matchMedia('(pointer: fine)').matches) field.current?.focus({ preventScroll: true });
  }, [quoting]);

  const send = () => {
    const body = typed.trim();
    if (body === '' || write.isPending) return;
    write.mutate(
      { sender: business, body, quotes: quoting?.wamid },
      {
        onSuccess: () => {
          // What was typed while the answer was under way stays.
          if (drafts.get(place) === typed) change('');
          onQuoteDropped();
          onSent();
        },
      },
    );
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onQuoteDropped();
    // While an input method composes, Enter picks its word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <div className={classes.composer}>
      {write.isError && (
        <p role="alert" className={classes.refused}>
          Not sent: {write.error.message}
        </p>
      )}
      {quoting && (
        <div className={classes.quote}>
          <span dir="auto">{oneLine(quoting)}</span>
          <CloseButton size="sm" aria-label="Do not quote" onClick={onQuoteDropped} />
        </div>
      )}
      <div className={classes.line}>
        <Textarea
          ref={field}
          className={classes.field}
          radius={20}
          autosize
          minRows={1}
          maxRows={5}
          maxLength={TEXT_MAX}
          dir="auto"
          aria-label="Write a message"
          placeholder="Message"
          value={typed}
          onChange={event => change(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <ActionIcon
          size={40}
          radius="xl"
          aria-label="Send"
          title="Send"
          disabled={typed.trim() === ''}
          loading={write.isPending}
          onClick={send}
        >
          <IconSend2 size={20} aria-hidden />
        </ActionIcon>
      </div>
    </div>
  );
}
