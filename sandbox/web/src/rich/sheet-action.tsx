import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { Sheet } from '../sheet.tsx';
import { ActionRow } from './action-row.tsx';

interface SheetActionProps {
  text: string;
  icon: ReactNode;
  /** Whether the person took this one. */
  chosen?: boolean;
  /** What the sheet is called, where that is not the button's text. */
  title?: string;
  /** What the sheet holds; `close` slides it down. */
  children: (close: () => void) => ReactNode;
}

/** One of the buttons at the foot of a bubble that opens a sheet. */
export function SheetAction({ text, icon, chosen = false, title = text, children }: SheetActionProps) {
  const [opened, { open, close }] = useDisclosure();
  return (
    <>
      <ActionRow text={text} icon={icon} chosen={chosen} onTap={open} />
      <Sheet opened={opened} onClose={close} title={title}>
        {children(close)}
      </Sheet>
    </>
  );
}
