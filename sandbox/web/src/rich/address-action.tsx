import { Button, Text, TextInput } from '@mantine/core';
import { IconHome } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { keyed } from '../keyed.ts';
import { Refusal } from '../send/refusal.tsx';
import { useSend } from '../send/use-send.ts';
import type { ActionProps } from './action-props.ts';
import classes from './address-action.module.css';
import { ADDRESS_FIELDS, addressReply } from './flow-reply.ts';
import { SheetAction } from './sheet-action.tsx';

/** Asks for a postal address, as the business has begun to fill it in. */
export function AddressAction({ action, wamid, choices, onSent }: ActionProps<'address'>) {
  return (
    <SheetAction
      text={action.text}
      icon={<IconHome size={17} aria-hidden />}
      chosen={choices.includes('nfm_reply')}
      title="Your address"
    >
      {close => (
        <AddressForm
          action={action}
          wamid={wamid}
          onSent={() => {
            close();
            onSent();
          }}
        />
      )}
    </SheetAction>
  );
}

function AddressForm({
  action: { ask },
  wamid,
  onSent,
}: Pick<ActionProps<'address'>, 'action' | 'wamid' | 'onSent'>) {
  const [values, setValues] = useState(ask.values);
  const send = useSend();
  const answer = (given: Record<string, string>, savedId?: string) =>
    send.mutate(
      {
        outgoing: {
          type: 'interactive',
          interactive: { type: 'nfm_reply', nfm_reply: addressReply(given, savedId) },
        },
        quotes: wamid,
      },
      { onSuccess: onSent },
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    answer(values);
  };
  return (
    <>
      {ask.saved.length > 0 && (
        <div className={classes.saved}>
          <Text size="sm" c="var(--sandbox-quiet)">
            Saved addresses
          </Text>
          {keyed(ask.saved).map(({ key, item: saved }) => (
            <Button
              key={key}
              variant="default"
              justify="flex-start"
              onClick={() => answer(saved.values, saved.id)}
            >
              {Object.values(saved.values).join(', ') || saved.id}
            </Button>
          ))}
        </div>
      )}
      <form onSubmit={submit} className={classes.fields}>
        {ADDRESS_FIELDS.map(([key, label]) => (
          <TextInput
            key={key}
            label={label}
            dir="auto"
            value={values[key] ?? ''}
            error={ask.errors[key]}
            onChange={event => {
              const { value } = event.currentTarget;
              setValues(known => ({ ...known, [key]: value }));
            }}
          />
        ))}
        <Refusal error={send.error} />
        <Button type="submit" loading={send.isPending}>
          Send
        </Button>
      </form>
    </>
  );
}
