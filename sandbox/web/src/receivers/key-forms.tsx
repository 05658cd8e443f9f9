import { Button, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import classes from './key-forms.module.css';
import { useChangeReceiver, useReceiver } from './queries.ts';
import { type KeyName, MAIN, type Receiver } from './receiver.ts';

const KEYS: { name: KeyName; label: string; description: string; placeholder: string }[] = [
  {
    name: 'telnyx',
    label: 'Telnyx: public key',
    description:
      'As GET /v2/public_key of the gateway gives it. A gateway started with this sandbox has given its own.',
    placeholder: '44 characters of base64',
  },
  {
    name: 'ycloud',
    label: 'YCloud: secret of the endpoint',
    description: 'The whole of it, whsec_ included',
    placeholder: 'whsec_…',
  },
  {
    name: 'standard_webhooks',
    label: "Wirebird's own events (Standard Webhooks): secret of the endpoint",
    description: 'The endpoint was answered with it when it was made',
    placeholder: 'whsec_…',
  },
  {
    name: 'elevenlabs',
    label: 'ElevenLabs: secret of the webhook',
    description: 'The whole of it, with its prefix',
    placeholder: 'wsec_…',
  },
];

export function KeyForms({ receiver }: { receiver: Receiver }) {
  return (
    <div className={classes.keys}>
      {KEYS.map(key => (
        <KeyForm key={key.name} {...key} receiver={receiver} />
      ))}
      <Text size="sm" c="var(--sandbox-quiet)">
        Infobip publishes no signature for its reports, so there is nothing to check in them. Keys stay in the
        memory of the sandbox until it ends; verdicts already given are not changed.
      </Text>
    </div>
  );
}

type KeyFormProps = (typeof KEYS)[number] & { receiver: Receiver };

function KeyForm({ name, label, description, placeholder, receiver }: KeyFormProps) {
  const known = receiver.keys[name];
  const main = useReceiver(MAIN);
  const lent = name === 'telnyx' && known === null ? (main?.keys.telnyx ?? null) : null;
  const [typed, setTyped] = useState('');
  const change = useChangeReceiver(receiver.name);
  const give = (value: string | null) =>
    change.mutate({ keys: { [name]: value } }, { onSuccess: () => setTyped('') });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed.trim() !== '') give(typed.trim());
  };
  return (
    <form className={classes.key} onSubmit={submit} noValidate>
      <TextInput
        className={classes.field}
        label={label}
        description={
          lent === null ? description : `That of the receiver ${MAIN}, until another is given here`
        }
        placeholder={known ?? lent ?? placeholder}
        data-known={known !== null || undefined}
        autoComplete="off"
        spellCheck={false}
        value={typed}
        error={change.error?.message}
        onChange={event => {
          setTyped(event.currentTarget.value);
          change.reset();
        }}
      />
      {typed.trim() !== '' ? (
        <Button type="submit" loading={change.isPending}>
          Save
        </Button>
      ) : (
        known !== null && (
          <Button variant="default" loading={change.isPending} onClick={() => give(null)}>
            Forget
          </Button>
        )
      )}
    </form>
  );
}
