import { useDisclosure } from '@mantine/hooks';
import { IconAddressBook, IconMapPin } from '@tabler/icons-react';
import { useChat } from '../chat-context.ts';
import { usePhones } from '../queries.ts';
import { LocationSheet } from '../send/location-sheet.tsx';
import { Refusal } from '../send/refusal.tsx';
import { useSend } from '../send/use-send.ts';
import type { ActionProps } from './action-props.ts';
import { ActionRow } from './action-row.tsx';

/** Answers a request for the person's place. */
export function LocationAction({ action, wamid, choices, onSent }: ActionProps<'location'>) {
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <ActionRow
        text={action.text}
        icon={<IconMapPin size={17} aria-hidden />}
        chosen={choices.includes('location')}
        onTap={open}
      />
      <LocationSheet
        opened={opened}
        onClose={() => {
          close();
          onSent();
        }}
        quotes={wamid}
      />
    </>
  );
}

/** Answers a request for the person's number: their own card, marked as asked for. */
export function ContactInfoAction({ action, wamid, choices, onSent }: ActionProps<'contact_info'>) {
  const { phone } = useChat();
  const name = usePhones().data?.find(known => known.phone === phone)?.name || phone;
  const send = useSend();
  const shared = choices.includes('contacts');
  return (
    <>
      <ActionRow
        text={action.text}
        icon={<IconAddressBook size={17} aria-hidden />}
        chosen={shared}
        disabled={shared || send.isPending || send.isSuccess}
        onTap={() =>
          send.mutate(
            {
              outgoing: {
                type: 'contacts',
                contacts: [
                  {
                    name: { formatted_name: name, first_name: name },
                    phones: [{ phone, wa_id: phone.slice(1), type: 'CELL' }],
                    origin: 'contact_request',
                  },
                ],
              },
              quotes: wamid,
            },
            { onSuccess: onSent },
          )
        }
      />
      <Refusal error={send.error} />
    </>
  );
}
