import { useDisclosure } from '@mantine/hooks';
import { IconExternalLink, IconList, IconPhone } from '@tabler/icons-react';
import { keyed } from '../keyed.ts';
import { Sheet } from '../sheet.tsx';
import type { ActionProps } from './action-props.ts';
import { ActionLink, ActionRow } from './action-row.tsx';
import { AddressAction } from './address-action.tsx';
import { CallPermission, VoiceCall } from './call-actions.tsx';
import { CopyAction } from './copy-action.tsx';
import { FlowAction } from './flow-action.tsx';
import { ListAction } from './list-action.tsx';
import { OrderAction } from './order-action.tsx';
import { ProductsAction } from './products-action.tsx';
import { ReplyAction } from './reply-action.tsx';
import type { Action } from './rich.ts';
import { ContactInfoAction, LocationAction } from './share-actions.tsx';

/** WhatsApp: of more buttons than this, two are shown and the rest waits behind "See all options" (meta-cloud-api §7). */
const SHOWN_MAX = 3;

interface ActionsProps {
  actions: Action[];
  /** Of the message that they belong to: what is sent answers it. */
  wamid: string;
  /** What the person has chosen in this message so far. */
  choices: readonly string[];
}

export function Actions({ actions, wamid, choices }: ActionsProps) {
  const [opened, { open, close }] = useDisclosure();
  const all = keyed(actions).map(({ key, item }) => (
    <OneAction key={key} action={item} wamid={wamid} choices={choices} among={actions} onSent={close} />
  ));
  if (actions.length <= SHOWN_MAX) return all;
  const chosen = actions.findIndex(each => each.kind === 'reply' && choices.includes(each.choice));
  // What was chosen is never out of sight.
  const shown = chosen < SHOWN_MAX - 1 ? [0, 1] : [0, chosen];
  return (
    <>
      {all.filter((_, place) => shown.includes(place))}
      <ActionRow text="See all options" icon={<IconList size={17} aria-hidden />} onTap={open} />
      <Sheet opened={opened} onClose={close} title="All options">
        {all}
      </Sheet>
    </>
  );
}

interface OneActionProps extends Omit<ActionProps<Action['kind']>, 'action'> {
  action: Action;
  among: Action[];
}

function OneAction({ action, among, ...rest }: OneActionProps) {
  switch (action.kind) {
    case 'reply':
      return <ReplyAction action={action} among={among} {...rest} />;
    case 'url':
      return (
        <ActionLink text={action.text} icon={<IconExternalLink size={17} aria-hidden />} href={action.url} />
      );
    case 'phone':
      return (
        <ActionLink
          text={action.text}
          icon={<IconPhone size={17} aria-hidden />}
          href={`tel:${action.number.replace(/[^+\d]/g, '')}`}
        />
      );
    case 'copy':
      return <CopyAction text={action.text} code={action.code} />;
    case 'list':
      return <ListAction action={action} {...rest} />;
    case 'products':
      return <ProductsAction action={action} {...rest} />;
    case 'flow':
      return <FlowAction action={action} {...rest} />;
    case 'address':
      return <AddressAction action={action} {...rest} />;
    case 'order':
      return <OrderAction text={action.text} order={action.order} />;
    case 'location':
      return <LocationAction action={action} {...rest} />;
    case 'contact_info':
      return <ContactInfoAction action={action} {...rest} />;
    case 'call_permission':
      return <CallPermission action={action} {...rest} />;
    case 'voice_call':
      return <VoiceCall text={action.text} />;
    case 'other':
      return <ActionRow text={action.text} onTap={() => {}} disabled />;
  }
}
