import { IconArrowBackUp } from '@tabler/icons-react';
import { Refusal } from '../send/refusal.tsx';
import { useSend } from '../send/use-send.ts';
import type { ActionProps } from './action-props.ts';
import { ActionRow } from './action-row.tsx';
import type { Action } from './rich.ts';

/** A reply button: of those that stand together one can be tapped, once. */
export function ReplyAction({
  action,
  among,
  wamid,
  choices,
  onSent,
}: ActionProps<'reply'> & { among: Action[] }) {
  const send = useSend();
  const taken = among.some(each => each.kind === 'reply' && choices.includes(each.choice));
  return (
    <>
      <ActionRow
        text={action.text}
        icon={<IconArrowBackUp size={17} aria-hidden />}
        chosen={choices.includes(action.choice)}
        disabled={taken || send.isPending || send.isSuccess}
        onTap={() => send.mutate({ outgoing: action.answer, quotes: wamid }, { onSuccess: onSent })}
      />
      <Refusal error={send.error} />
    </>
  );
}
