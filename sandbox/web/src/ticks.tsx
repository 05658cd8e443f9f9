import { IconAlertCircle, IconCheck, IconChecks, IconClock } from '@tabler/icons-react';
import type { Status } from './api.ts';
import classes from './ticks.module.css';

const SIGNS: Record<Status, { name: string; Icon: typeof IconCheck }> = {
  accepted: { name: 'Accepted', Icon: IconClock },
  sent: { name: 'Sent', Icon: IconCheck },
  delivered: { name: 'Delivered', Icon: IconChecks },
  read: { name: 'Read', Icon: IconChecks },
  failed: { name: 'Failed', Icon: IconAlertCircle },
};

/** What the other side sees of a message: one grey tick sent, two delivered, two blue read. */
export function Ticks({ status }: { status: Status }) {
  const { name, Icon } = SIGNS[status];
  return (
    <span role="img" aria-label={name} title={name} className={classes.ticks} data-status={status}>
      <Icon size={status === 'accepted' ? 13 : 16} stroke={2} aria-hidden />
    </span>
  );
}
