import { Scroller } from '../scroller.tsx';
import classes from './raw.module.css';

/** Something that the page has no drawing for: its name and what was sent. */
export function Raw({ label, content }: { label: string; content: unknown }) {
  return (
    <div className={classes.card}>
      <span className={classes.label}>{label}</span>
      <Scroller className={classes.json} role="region" aria-label={`${label}, as it was sent`} dir="ltr">
        <code>{JSON.stringify(content ?? null, null, 2)}</code>
      </Scroller>
    </div>
  );
}
