import { Button, Switch, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import type { Profile } from './api.ts';
import { toE164 } from './number.ts';
import classes from './profile-sheet.module.css';
import { useProfile, useSetProfile } from './queries.ts';
import { Refusal } from './send/refusal.tsx';
import { useSendFrom } from './send/use-send.ts';
import { Sheet } from './sheet.tsx';

interface ProfileSheetProps {
  opened: boolean;
  onClose: () => void;
  phone: string;
  /** The name that the list of phones knows. */
  name: string;
  /** The business of the open chat, E.164: who is told of a new number. */
  business: string | undefined;
}

/** Who the person is, as businesses see them. */
export function ProfileSheet({ opened, onClose, phone, name, business }: ProfileSheetProps) {
  return (
    <Sheet opened={opened} onClose={onClose} title={`Who holds ${phone}`}>
      <ProfilePart phone={phone} name={name} onSaved={onClose} />
      {business !== undefined && <MoveForm phone={phone} business={business} onMoved={onClose} />}
    </Sheet>
  );
}

function ProfilePart({ phone, name, onSaved }: { phone: string; name: string; onSaved: () => void }) {
  const profile = useProfile(phone);
  if (profile.isPending) return null;
  return <ProfileForm phone={phone} profile={{ name, ...profile.data }} onSaved={onSaved} />;
}

function ProfileForm({ phone, profile, onSaved }: { phone: string; profile: Profile; onSaved: () => void }) {
  const [name, setName] = useState(profile.name ?? '');
  const [username, setUsername] = useState(profile.username ?? '');
  const [hidden, setHidden] = useState(profile.hide_number ?? false);
  const save = useSetProfile(phone);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(
      {
        name: name.trim(),
        ...(username.trim() !== (profile.username ?? '') && { username: username.trim() }),
        hide_number: hidden,
      },
      { onSuccess: onSaved },
    );
  };
  return (
    <form className={classes.part} onSubmit={submit}>
      <TextInput
        data-autofocus
        label="Profile name"
        dir="auto"
        value={name}
        onChange={event => setName(event.currentTarget.value)}
      />
      <TextInput
        label="Username"
        value={username}
        onChange={event => setUsername(event.currentTarget.value)}
      />
      <Switch
        label="Hide the number"
        description="Businesses then know this person only by a user id of their own"
        checked={hidden}
        onChange={event => setHidden(event.currentTarget.checked)}
      />
      {profile.user_id !== undefined && <span className={classes.id}>User id: {profile.user_id}</span>}
      <Refusal error={save.error} />
      <Button type="submit" disabled={name.trim() === ''} loading={save.isPending}>
        Save
      </Button>
    </form>
  );
}

interface MoveFormProps {
  phone: string;
  business: string;
  onMoved: () => void;
}

/** Tells the business that the person has another number from now on. */
function MoveForm({ phone, business, onMoved }: MoveFormProps) {
  const [typed, setTyped] = useState('');
  const send = useSendFrom(phone, business);
  const next = toE164(typed);
  const wrong = typed.trim() !== '' && (next === undefined || next === phone);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (next === undefined || wrong) return;
    send.mutate(
      {
        outgoing: {
          type: 'system',
          system: {
            type: 'user_changed_number',
            wa_id: next.slice(1),
            body: `User changed from ${phone.slice(1)} to ${next.slice(1)}`,
          },
        },
      },
      { onSuccess: onMoved },
    );
  };
  return (
    <form className={classes.part} onSubmit={submit} noValidate>
      <TextInput
        label="New number"
        description="The business is told that this person has moved to it"
        type="tel"
        placeholder="+44 7700 900456"
        value={typed}
        error={wrong ? 'Another number, with a plus, a country code and 7 to 15 digits.' : undefined}
        onChange={event => setTyped(event.currentTarget.value)}
      />
      <Refusal error={send.error} />
      <Button type="submit" variant="default" disabled={next === undefined || wrong} loading={send.isPending}>
        Move to the new number
      </Button>
    </form>
  );
}
