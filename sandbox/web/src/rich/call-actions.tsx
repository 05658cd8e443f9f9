import { IconPhone, IconPhoneCheck, IconPhoneOff } from '@tabler/icons-react';
import { useState } from 'react';
import type { InteractiveReply } from '../outgoing.ts';
import { Refusal } from '../send/refusal.tsx';
import { useSend } from '../send/use-send.ts';
import type { ActionProps } from './action-props.ts';
import { ActionRow } from './action-row.tsx';
import classes from './call-actions.module.css';

/** WhatsApp: a temporary permission lasts this long from its approval, seconds (meta-calling §3.2). */
const TEMPORARY_S = 168 * 3600;

type Permission = Extract<InteractiveReply, { type: 'call_permission_reply' }>['call_permission_reply'];

const ANSWERS: { choice: string; text: string; Icon: typeof IconPhone; answer: () => Permission }[] = [
  {
    choice: 'accept',
    text: 'Allow calls for 7 days',
    Icon: IconPhone,
    answer: () => ({
      response: 'accept',
      is_permanent: false,
      expiration_timestamp: String(Math.floor(Date.now() / 1000) + TEMPORARY_S),
      response_source: 'user_action',
    }),
  },
  {
    choice: 'accept always',
    text: 'Always allow calls',
    Icon: IconPhoneCheck,
    answer: () => ({ response: 'accept', is_permanent: true, response_source: 'user_action' }),
  },
  {
    choice: 'reject',
    text: "Don't allow",
    Icon: IconPhoneOff,
    answer: () => ({ response: 'reject', response_source: 'user_action' }),
  },
];

/** Whether the business may call; the person can think again and answer anew. */
export function CallPermission({ wamid, choices, onSent }: ActionProps<'call_permission'>) {
  const send = useSend();
  const last = choices.findLast(choice => ANSWERS.some(answer => answer.choice === choice));
  return (
    <>
      {ANSWERS.map(({ choice, text, Icon, answer }) => (
        <ActionRow
          key={choice}
          text={text}
          icon={<Icon size={17} aria-hidden />}
          chosen={choice === last}
          disabled={send.isPending || choice === last}
          onTap={() =>
            send.mutate(
              {
                outgoing: {
                  type: 'interactive',
                  interactive: { type: 'call_permission_reply', call_permission_reply: answer() },
                },
                quotes: wamid,
              },
              { onSuccess: onSent },
            )
          }
        />
      ))}
      <Refusal error={send.error} />
    </>
  );
}

export function VoiceCall({ text }: { text: string }) {
  const [tapped, setTapped] = useState(false);
  return (
    <>
      <ActionRow text={text} icon={<IconPhone size={17} aria-hidden />} onTap={() => setTapped(true)} />
      <p role="status" className={classes.later} hidden={!tapped}>
        {tapped && 'The phones here cannot call yet.'}
      </p>
    </>
  );
}
