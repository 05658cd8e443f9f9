import { Text } from '@mantine/core';
import { IconReceipt } from '@tabler/icons-react';
import { OrderLines } from './order-block.tsx';
import type { Order } from './rich.ts';
import { SheetAction } from './sheet-action.tsx';

export function OrderAction({ text, order }: { text: string; order: Order }) {
  return (
    <SheetAction text={text} icon={<IconReceipt size={17} aria-hidden />} title="Your order">
      {() => (
        <>
          <OrderLines order={order} all />
          <Text size="sm" c="var(--sandbox-quiet)">
            This network moves no money: the order can be read here, not paid.
          </Text>
        </>
      )}
    </SheetAction>
  );
}
