import { Button, Modal, Text, TextInput } from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { toE164 } from './number.ts';

export function NewPhone({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  return (
    <Modal
      opened={opened}
      onClose={onClose}
      title="Open a phone"
      centered
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <NumberForm onClose={onClose} />
    </Modal>
  );
}

function NumberForm({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const [refused, setRefused] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const phone = toE164(typed);
    setRefused(phone === undefined);
    if (phone === undefined) return;
    onClose();
    void navigate({ to: '/phones/$phone', params: { phone } });
  };
  return (
    <form onSubmit={submit} noValidate>
      <TextInput
        data-autofocus
        type="tel"
        label="Phone number"
        description="With its country code. Any number will do."
        placeholder="+44 7700 900123"
        value={typed}
        error={refused ? 'A number has a plus, a country code and 7 to 15 digits.' : undefined}
        onChange={event => {
          setTyped(event.currentTarget.value);
          setRefused(false);
        }}
      />
      <Text size="sm" c="var(--sandbox-quiet)" mt="sm">
        Then write from it to the business.
      </Text>
      <Button type="submit" fullWidth mt="md">
        Open
      </Button>
    </form>
  );
}
