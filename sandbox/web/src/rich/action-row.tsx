import { UnstyledButton } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import classes from './action-row.module.css';

/** The place of a bubble's buttons. */
export function ActionGroup({ children }: { children: ReactNode }) {
  return <div className={classes.group}>{children}</div>;
}

interface ActionRowProps {
  text: string;
  icon?: ReactNode;
  onTap: () => void;
  disabled?: boolean;
  /** Whether the person took this one. */
  chosen?: boolean;
}

/** One of the buttons at the foot of a bubble. */
export function ActionRow({ text, icon, onTap, disabled = false, chosen = false }: ActionRowProps) {
  return (
    <UnstyledButton
      className={classes.row}
      onClick={onTap}
      disabled={disabled}
      data-chosen={chosen || undefined}
      aria-pressed={chosen || undefined}
    >
      {chosen ? <IconCheck size={17} aria-hidden /> : icon}
      <span dir="auto">{text}</span>
    </UnstyledButton>
  );
}

/** A button that leads out of the page; without an address it leads nowhere and says so. */
export function ActionLink({
  text,
  icon,
  href,
}: {
  text: string;
  icon: ReactNode;
  href: string | undefined;
}) {
  if (href === undefined) {
    return (
      <div className={classes.row} data-still title="Not a web address">
        {icon}
        <span dir="auto">{text}</span>
      </div>
    );
  }
  return (
    <a className={classes.row} href={href} target="_blank" rel="noreferrer noopener" title={href}>
      {icon}
      <span dir="auto">{text}</span>
    </a>
  );
}
