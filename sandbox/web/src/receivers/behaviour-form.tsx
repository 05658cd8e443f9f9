import { Button, NativeSelect, Radio, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import classes from './behaviour-form.module.css';
import { type Draft, draftOf, readDraft } from './draft.ts';
import { useChangeReceiver } from './queries.ts';
import type { Behaviour, Receiver } from './receiver.ts';
import { behaviourWords } from './words.ts';

const KINDS: { kind: Behaviour['kind']; label: string; description: string }[] = [
  { kind: 'ok', label: 'Well', description: '200, at once' },
  { kind: 'status', label: 'With a status', description: 'Such as 500, 429 or 410' },
  { kind: 'slow', label: 'Slowly', description: '200, after a while' },
  { kind: 'hang', label: 'Never', description: 'Takes the request and stays silent' },
  { kind: 'redirect', label: 'With a redirect', description: 'To itself, or to another address' },
  { kind: 'close', label: 'By hanging up', description: 'Drops the connection' },
];

/** How a receiver is to answer from now on. */
export function BehaviourForm({ receiver }: { receiver: Receiver }) {
  const { behaviour, name } = receiver;
  const [draft, setDraft] = useState(() => draftOf(behaviour));
  const [wrong, setWrong] = useState<string>();
  const change = useChangeReceiver(name);
  const set = (more: Partial<Draft>) => {
    setDraft({ ...draft, ...more });
    setWrong(undefined);
    change.reset();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const read = readDraft(draft);
    if (typeof read === 'string') setWrong(read);
    else change.mutate({ behaviour: read });
  };
  const refused = wrong ?? change.error?.message;
  return (
    <form className={classes.form} onSubmit={submit} noValidate>
      <p className={classes.now} data-bad={behaviour.kind !== 'ok' || undefined} role="status">
        {behaviourWords(behaviour)}
      </p>
      <Radio.Group
        aria-label="How it answers"
        value={draft.kind}
        onChange={kind => set({ kind: kind as Behaviour['kind'] })}
      >
        <div className={classes.kinds}>
          {KINDS.map(({ kind, label, description }) => (
            <Radio key={kind} value={kind} label={label} description={description} className={classes.kind} />
          ))}
        </div>
      </Radio.Group>
      <Details draft={draft} set={set} />
      {draft.kind !== 'ok' && <Which draft={draft} set={set} />}
      {refused !== undefined && (
        <p role="alert" className={classes.refused}>
          {refused}
        </p>
      )}
      <Button type="submit" loading={change.isPending} className={classes.apply}>
        {draft.kind === 'ok' ? 'Answer well' : 'Answer so from now on'}
      </Button>
    </form>
  );
}

interface PartProps {
  draft: Draft;
  set: (more: Partial<Draft>) => void;
}

/** What the chosen kind needs to know. */
function Details({ draft, set }: PartProps) {
  switch (draft.kind) {
    case 'status':
      return (
        <div className={classes.fields}>
          <TextInput
            label="Status"
            inputMode="numeric"
            value={draft.status}
            onChange={event => set({ status: event.currentTarget.value })}
          />
          <TextInput
            label="Retry-After"
            placeholder="none"
            value={draft.retryAfter}
            onChange={event => set({ retryAfter: event.currentTarget.value })}
          />
        </div>
      );
    case 'slow':
      return (
        <div className={classes.fields}>
          <TextInput
            label="Seconds until it answers"
            inputMode="decimal"
            value={draft.seconds}
            onChange={event => set({ seconds: event.currentTarget.value })}
          />
        </div>
      );
    case 'redirect':
      return (
        <div className={classes.fields}>
          <NativeSelect
            label="Status"
            data={['301', '302', '303', '307', '308']}
            value={draft.redirect}
            onChange={event => set({ redirect: event.currentTarget.value })}
          />
          <TextInput
            className={classes.wide}
            label="To"
            type="url"
            placeholder="itself"
            value={draft.to}
            onChange={event => set({ to: event.currentTarget.value })}
          />
        </div>
      );
    case 'ok':
    case 'hang':
    case 'close':
      return null;
  }
}

/** Which of the requests are met so. */
function Which({ draft, set }: PartProps) {
  return (
    <div className={classes.fields}>
      <NativeSelect
        label="Which requests"
        data={[
          { value: 'all', label: 'All of them' },
          { value: 'next', label: 'The next ones, then well again' },
          { value: 'share', label: 'A part of them' },
        ]}
        value={draft.which}
        onChange={event => set({ which: event.currentTarget.value as Draft['which'] })}
      />
      {draft.which === 'next' && (
        <TextInput
          label="How many"
          inputMode="numeric"
          value={draft.times}
          onChange={event => set({ times: event.currentTarget.value })}
        />
      )}
      {draft.which === 'share' && (
        <TextInput
          label="Per cent"
          inputMode="decimal"
          value={draft.percent}
          onChange={event => set({ percent: event.currentTarget.value })}
        />
      )}
    </div>
  );
}
