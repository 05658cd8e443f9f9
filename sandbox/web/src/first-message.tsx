import { Button, Text, Title } from '@mantine/core';
import { IconMessagePlus } from '@tabler/icons-react';
import { Command } from './command.tsx';
import classes from './first-message.module.css';
import { useSenders } from './queries.ts';

/** The gateway's usual address and its seeded number; a phone number that Ofcom keeps for fiction. */
const GATEWAY = 'http://127.0.0.1:8080';
const SEEDED_SENDER = '+15550001000';
const SOME_PHONE = '+447700900123';

function command(from: string): string {
  return `curl ${GATEWAY}/v2/messages/whatsapp \\
  -H 'Authorization: Bearer YOUR_API_KEY' \\
  -H 'Content-Type: application/json' \\
  -d '{
    "from": "${from}",
    "to": "${SOME_PHONE}",
    "whatsapp_message": {
      "type": "template",
      "template": {
        "name": "hello_world",
        "language": { "code": "en_US" }
      }
    }
  }'`;
}

export function FirstMessage({ onOpenPhone }: { onOpenPhone: () => void }) {
  const senders = useSenders();
  const line = command(senders.data?.[0]?.phone_number ?? SEEDED_SENDER);
  return (
    <section className={classes.first} aria-label="Send the first message">
      <Title order={3} size={18}>
        No messages yet
      </Title>
      <Text c="var(--sandbox-quiet)">
        Any number is a phone here. Send one a message through the gateway, with the key that it printed at
        its start:
      </Text>
      <Command line={line} />
      <Text c="var(--sandbox-quiet)">Or take a phone in hand and write to the business first:</Text>
      <Button variant="light" leftSection={<IconMessagePlus size={18} aria-hidden />} onClick={onOpenPhone}>
        Write from a phone
      </Button>
    </section>
  );
}
