import { IconWorld } from '@tabler/icons-react';
import { firstLink, richText } from '../rich-text.tsx';
import classes from './words.module.css';

/** A text in WhatsApp's marks, each line in the direction of its own words. */
export function Words({ text }: { text: string }) {
  return <span className={classes.text}>{richText(text)}</span>;
}

/** The card of the first link, as far as its address tells: nothing is fetched to draw it. */
export function LinkCard({ text }: { text: string }) {
  const link = firstLink(text);
  const url = link === undefined ? null : URL.parse(link);
  if (!url) return null;
  const path = `${url.pathname}${url.search}`;
  return (
    <a className={classes.link} href={url.href} target="_blank" rel="noreferrer noopener" dir="ltr">
      <IconWorld size={26} stroke={1.5} aria-hidden />
      <span className={classes.where}>
        <span className={classes.host}>{url.host}</span>
        {path !== '/' && <span className={classes.path}>{path}</span>}
      </span>
    </a>
  );
}
