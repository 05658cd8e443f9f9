import { IconDownload } from '@tabler/icons-react';
import { sizeText } from '../media.ts';
import type { Media } from '../rich/rich.ts';
import classes from './paper.module.css';

/** A document to download; the end of its name picks the sign, as WhatsApp does. */
export function Paper({ media }: { media: Media }) {
  const { source, filename, mimeType, size } = media;
  const name = filename ?? source?.split(/[?#]/, 1)[0]?.split('/').pop() ?? 'Document';
  const ending = /\.([a-z0-9]{1,4})$/i.exec(name)?.[1] ?? mimeType?.split('/').pop()?.slice(0, 4) ?? 'file';
  const about = [size === undefined ? undefined : sizeText(size), mimeType].filter(Boolean).join(' · ');
  const inside = (
    <>
      <span className={classes.sign} aria-hidden>
        {ending.toUpperCase()}
      </span>
      <span className={classes.words}>
        <span className={classes.name} dir="auto">
          {name}
        </span>
        <span className={classes.about}>{about === '' ? 'Document' : about}</span>
      </span>
    </>
  );
  if (source === undefined) return <div className={classes.paper}>{inside}</div>;
  return (
    <a
      className={classes.paper}
      href={source}
      target="_blank"
      rel="noreferrer noopener"
      download={filename ?? true}
    >
      {inside}
      <IconDownload size={20} stroke={1.6} aria-label="Download" />
    </a>
  );
}
