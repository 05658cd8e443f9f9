import { Button, Menu, Modal, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconCheck, IconChevronDown, IconPlus } from '@tabler/icons-react';
import { useNavigate } from '@tanstack/react-router';
import { type FormEvent, useState } from 'react';
import { useReceivers } from './queries.ts';
import { changeReceiver } from './receiver.ts';

/** Which receiver is looked at, and a way to have another. */
export function ReceiverMenu({ name }: { name: string }) {
  const receivers = useReceivers();
  const navigate = useNavigate();
  const [asking, { open, close }] = useDisclosure();
  return (
    <>
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <Button
            variant="default"
            size="compact-md"
            rightSection={<IconChevronDown size={15} aria-hidden />}
            aria-label={`Receiver ${name}: choose another`}
          >
            {name}
          </Button>
        </Menu.Target>
        <Menu.Dropdown mah="60dvh" style={{ overflowY: 'auto' }}>
          {receivers.data?.map(each => (
            <Menu.Item
              key={each.name}
              onClick={() => void navigate({ to: '/webhooks/$name', params: { name: each.name } })}
              rightSection={
                each.name === name ? <IconCheck size={16} aria-label="This one" /> : each.received || null
              }
            >
              {each.name}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconPlus size={16} aria-hidden />} onClick={open}>
            Another receiver
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Modal
        opened={asking}
        onClose={close}
        title="Another receiver"
        centered
        closeButtonProps={{ 'aria-label': 'Close' }}
      >
        <NameForm onClose={close} />
      </Modal>
    </>
  );
}

function NameForm({ onClose }: { onClose: () => void }) {
  const navigate = useNavigate();
  const [typed, setTyped] = useState('');
  const [refused, setRefused] = useState<string>();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const name = typed.trim();
    if (name === '') return;
    try {
      await changeReceiver(name, {});
    } catch (error) {
      setRefused((error as Error).message);
      return;
    }
    onClose();
    void navigate({ to: '/webhooks/$name', params: { name } });
  };
  return (
    <form onSubmit={event => void submit(event)} noValidate>
      <TextInput
        data-autofocus
        label="Name"
        description="It stands in its address. A request to a name that is new makes a receiver too."
        placeholder="orders"
        value={typed}
        error={refused}
        onChange={event => {
          setTyped(event.currentTarget.value);
          setRefused(undefined);
        }}
      />
      <Button type="submit" fullWidth mt="md">
        Make it
      </Button>
    </form>
  );
}
