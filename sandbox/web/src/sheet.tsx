import { Drawer } from '@mantine/core';
import type { ReactNode } from 'react';
import classes from './sheet.module.css';

/** Where sheets slide up: the phone, which is a place of its own on a desktop. */
export const PHONE_ID = 'phone';

interface SheetProps {
  opened: boolean;
  onClose: () => void;
  title: ReactNode;
  children: ReactNode;
}

/** A panel that slides up from the phone's lower edge; Escape and a tap beside it close it. */
export function Sheet({ opened, onClose, title, children }: SheetProps) {
  return (
    <Drawer
      opened={opened}
      onClose={onClose}
      title={title}
      position="bottom"
      lockScroll={false}
      portalProps={{ target: `#${PHONE_ID}` }}
      transitionProps={{ duration: 140 }}
      closeButtonProps={{ 'aria-label': 'Close' }}
      attributes={{ content: { 'data-sheet': true } }}
      classNames={{
        content: classes.content,
        header: classes.header,
        title: classes.title,
        body: classes.body,
      }}
    >
      {children}
    </Drawer>
  );
}
