import { IconChevronLeft } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import classes from './back-to-list.module.css';

/** On a phone's width, where the list is a screen of its own. */
export function BackToList({ name }: { name: string }) {
  return (
    <Link to="/webhooks/$name" params={{ name }} className={classes.back}>
      <IconChevronLeft size={18} aria-hidden />
      All deliveries
    </Link>
  );
}
