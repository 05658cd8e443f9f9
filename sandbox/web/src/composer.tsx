import { ActionIcon, CloseButton, Textarea } from '@mantine/core';
import { IconCheck, IconSend2 } from '@tabler/icons-react';
import { type KeyboardEvent, useEffect, useRef, useState } from 'react';
import type { PhoneMessage } from './api.ts';
import classes from './composer.module.css';
import { fieldsOf, textOf } from './fields.ts';
import type { Outgoing } from './outgoing.ts';
import { Attach } from './send/attach.tsx';
import { Refusal } from './send/refusal.tsx';
import { useSend } from './send/use-send.ts';
import { oneLine } from './summary.ts';

/** WhatsApp: the longest text that a person can write, characters. */
const TEXT_MAX = 65_536;

/** What was typed and not sent, by phone and business, while the page lives. */
const drafts = new Map<string, string>();

/** The earlier message that is being written about: quoted in a reply, or written anew. */
export type About = { kind: 'quote' | 'edit'; message: PhoneMessage };

interface ComposerProps {
  phone: string;
  business: string;
  about: About | undefined;
  onAboutDropped: () => void;
}

export function Composer({ phone, business, about, onAboutDropped }: ComposerProps) {
  const place = `${phone} ${business}`;
  const edited = about?.kind === 'edit' ? about.message : undefined;
  const [typed, setTyped] = useState(
    edited ? (textOf(fieldsOf(edited.text).body) ?? '') : (drafts.get(place) ?? ''),
  );
  const field = useRef<HTMLTextAreaElement>(null);
  const write = useSend();

  const change = (text: string) => {
    setTyped(text);
    if (!edited) drafts.set(place, text);
  };

  // Opening a chat is meant for writing; on a touch screen the keyboard would hide it, so there the person taps.
  useEffect(() => {
    if (about || matchMedia('(pointer: fine)').matches) field.current?.focus({ preventScroll: true });
  }, [about]);

  const send = () => {
    const body = typed.trim();
    if (body === '' || write.isPending) return;
    const outgoing: Outgoing = edited
      ? {
          type: 'edit',
          edit: { original_message_id: edited.wamid, message: { type: 'text', text: { body } } },
        }
      : { type: 'text', text: { body } };
    write.mutate(
      { outgoing, quotes: about?.kind === 'quote' ? about.message.wamid : undefined },
      {
        onSuccess: () => {
          // What was typed while the answer was under way stays.
          if (!edited && drafts.get(place) === typed) change('');
          onAboutDropped();
        },
      },
    );
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') onAboutDropped();
    // While an input method composes, Enter picks its word.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    send();
  };

  return (
    <div className={classes.composer}>
      <Refusal error={write.error} />
      {about && (
        <div className={classes.about}>
          <span dir="auto">
            {edited && <strong>Editing: </strong>}
            {oneLine(about.message)}
          </span>
          <CloseButton
            size="sm"
            aria-label={edited ? 'Do not edit' : 'Do not quote'}
            onClick={onAboutDropped}
          />
        </div>
      )}
      <div className={classes.line}>
        {!edited && <Attach />}
        <Textarea
          ref={field}
          className={classes.field}
          radius={20}
          autosize
          minRows={1}
          maxRows={5}
          maxLength={TEXT_MAX}
          dir="auto"
          aria-label={edited ? 'Edit the message' : 'Write a message'}
          placeholder="Message"
          value={typed}
          onChange={event => change(event.currentTarget.value)}
          onKeyDown={onKeyDown}
        />
        <ActionIcon
          size={40}
          radius="xl"
          aria-label={edited ? 'Save' : 'Send'}
          title={edited ? 'Save' : 'Send'}
          disabled={typed.trim() === ''}
          loading={write.isPending}
          onClick={send}
        >
          {edited ? <IconCheck size={20} aria-hidden /> : <IconSend2 size={20} aria-hidden />}
        </ActionIcon>
      </div>
    </div>
  );
}
