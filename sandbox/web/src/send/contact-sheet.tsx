import { Button, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { toE164 } from '../number.ts';
import { Sheet } from '../sheet.tsx';
import classes from './form.module.css';
import { Refusal } from './refusal.tsx';
import { useSend } from './use-send.ts';

export function ContactSheet({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Sheet opened={opened} onClose={onClose} title="Send a contact">
      <ContactForm onSent={onClose} />
    </Sheet>
  );
}

function ContactForm({ onSent }: { onSent: () => void }) {
  const [name, setName] = useState('');
  const [typed, setTyped] = useState('');
  const send = useSend();
  const phone = toE164(typed);
  const wrong = typed.trim() !== '' && phone === undefined;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const called = name.trim();
    if (called === '' || wrong) return;
    send.mutate(
      {
        outgoing: {
          type: 'contacts',
          contacts: [
            {
              name: { formatted_name: called, first_name: called.split(' ', 1)[0] ?? called },
              ...(phone !== undefined && {
                phones: [{ phone, wa_id: phone.slice(1), type: 'CELL' as const }],
              }),
            },
          ],
        },
      },
      { onSuccess: onSent },
    );
  };
  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      <TextInput
        data-autofocus
        label="Name"
        dir="auto"
        value={name}
        onChange={event => setName(event.currentTarget.value)}
      />
      <TextInput
        label="Phone number"
        type="tel"
        placeholder="+44 7700 900456"
        value={typed}
        error={wrong ? 'A number has a plus, a country code and 7 to 15 digits.' : undefined}
        onChange={event => setTyped(event.currentTarget.value)}
      />
      <Refusal error={send.error} />
      <Button type="submit" disabled={name.trim() === '' || wrong} loading={send.isPending}>
        Send contact
      </Button>
    </form>
  );
}
