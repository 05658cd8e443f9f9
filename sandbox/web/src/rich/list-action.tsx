import { Button, Radio } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconList } from '@tabler/icons-react';
import { useState } from 'react';
import { chosenRow } from '../choices.ts';
import { keyed } from '../keyed.ts';
import { Refusal } from '../send/refusal.tsx';
import { useSend } from '../send/use-send.ts';
import { Sheet } from '../sheet.tsx';
import type { ActionProps } from './action-props.ts';
import { ActionRow } from './action-row.tsx';
import classes from './list-action.module.css';

/** Opens a list's sections; one row at a time can be sent, and another one later. */
export function ListAction({ action, wamid, choices, onSent }: ActionProps<'list'>) {
  const [opened, { open, close }] = useDisclosure();
  const [picked, setPicked] = useState<string>();
  const send = useSend();
  const rows = action.sections.flatMap(section => section.rows);
  const last = choices.findLast(choice => rows.some(({ id }) => chosenRow(id) === choice));
  const shown = picked ?? rows.find(({ id }) => chosenRow(id) === last)?.id ?? null;
  const row = rows.find(({ id }) => id === picked);

  const submit = () => {
    if (!row) return;
    const { id, title, description } = row;
    send.mutate(
      {
        outgoing: {
          type: 'interactive',
          interactive: {
            type: 'list_reply',
            list_reply: { id, title, ...(description !== undefined && { description }) },
          },
        },
        quotes: wamid,
      },
      {
        onSuccess: () => {
          setPicked(undefined);
          close();
          onSent();
        },
      },
    );
  };

  return (
    <>
      <ActionRow text={action.text} icon={<IconList size={17} aria-hidden />} onTap={open} />
      <Sheet opened={opened} onClose={close} title={action.text}>
        <Radio.Group value={shown} onChange={setPicked} aria-label={action.text}>
          {keyed(action.sections).map(({ key, item: section }) => (
            <fieldset key={key} className={classes.section}>
              {section.title !== undefined && <legend dir="auto">{section.title}</legend>}
              {keyed(section.rows).map(({ key: at, item: { id, title, description } }) => (
                <Radio
                  key={at}
                  className={classes.row}
                  classNames={{ labelWrapper: classes.label }}
                  value={id}
                  label={<span dir="auto">{title}</span>}
                  description={description}
                  labelPosition="left"
                />
              ))}
            </fieldset>
          ))}
        </Radio.Group>
        <div className={classes.foot}>
          <Refusal error={send.error} />
          <Button fullWidth onClick={submit} disabled={!row} loading={send.isPending}>
            Send
          </Button>
        </div>
      </Sheet>
    </>
  );
}
