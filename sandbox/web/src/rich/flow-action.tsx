import { Button, CloseButton, TextInput } from '@mantine/core';
import { IconForms, IconPlus } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { Raw } from '../kinds/raw.tsx';
import { Refusal } from '../send/refusal.tsx';
import { useSend } from '../send/use-send.ts';
import type { ActionProps } from './action-props.ts';
import classes from './flow-action.module.css';
import { type FlowAnswer, flowReply } from './flow-reply.ts';
import { SheetAction } from './sheet-action.tsx';

/** A flow's screens are kept at Meta, so the sheet asks for what they would answer: names and values. */
export function FlowAction({ action, wamid, choices, onSent }: ActionProps<'flow'>) {
  return (
    <SheetAction
      text={action.text}
      icon={<IconForms size={17} aria-hidden />}
      chosen={choices.includes('nfm_reply')}
    >
      {close => (
        <FlowForm
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

function FlowForm({
  action: { flow },
  wamid,
  onSent,
}: Pick<ActionProps<'flow'>, 'action' | 'wamid' | 'onSent'>) {
  const [answers, setAnswers] = useState<(FlowAnswer & { key: number })[]>([
    { key: 0, name: 'answer', value: '' },
  ]);
  const send = useSend();
  const change = (key: number, part: Partial<FlowAnswer>) =>
    setAnswers(known => known.map(each => (each.key === key ? { ...each, ...part } : each)));
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate(
      {
        outgoing: {
          type: 'interactive',
          interactive: { type: 'nfm_reply', nfm_reply: flowReply(flow.token, answers) },
        },
        quotes: wamid,
      },
      { onSuccess: onSent },
    );
  };
  const about = [
    flow.name === undefined ? undefined : `Flow ${flow.name}`,
    flow.screen === undefined ? undefined : `screen ${flow.screen}`,
  ].filter(Boolean);
  return (
    <form onSubmit={submit}>
      <p className={classes.about}>
        {about.join(', ')}
        {about.length > 0 && '. '}
        Its screens are not here: say what they would answer.
      </p>
      {flow.data !== undefined && <Raw label="Given to the first screen" content={flow.data} />}
      <div className={classes.answers}>
        {answers.map(({ key, name, value }, index) => (
          <div key={key} className={classes.answer}>
            <TextInput
              label={index === 0 ? 'Field' : undefined}
              aria-label="Field"
              value={name}
              onChange={event => change(key, { name: event.currentTarget.value })}
            />
            <TextInput
              data-autofocus={index === 0 || undefined}
              label={index === 0 ? 'Value' : undefined}
              aria-label="Value"
              value={value}
              onChange={event => change(key, { value: event.currentTarget.value })}
            />
            <CloseButton
              aria-label={`Leave out ${name}`}
              mb={4}
              onClick={() => setAnswers(known => known.filter(each => each.key !== key))}
            />
          </div>
        ))}
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconPlus size={16} aria-hidden />}
          onClick={() =>
            setAnswers(known => [...known, { key: (known.at(-1)?.key ?? 0) + 1, name: '', value: '' }])
          }
        >
          Another field
        </Button>
      </div>
      <Refusal error={send.error} />
      <Button type="submit" fullWidth mt="sm" loading={send.isPending}>
        Complete
      </Button>
    </form>
  );
}
