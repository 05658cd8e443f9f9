import { Text } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconReceipt } from '@tabler/icons-react';
import { Sheet } from '../sheet.tsx';
import { ActionRow } from './action-row.tsx';
import { OrderLines } from './order-block.tsx';
import type { Order } from './rich.ts';

export function OrderAction({ text, order }: { text: string; order: Order }) {
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <ActionRow text={text} icon={<IconReceipt size={17} aria-hidden />} onTap={open} />
      <Sheet opened={opened} onClose={close} title="Your order">
        <OrderLines order={order} all />
        <Text size="sm" c="var(--sandbox-quiet)">
          This network moves no money: the order can be read here, not paid.
        </Text>
      </Sheet>
    </>
  );
}
