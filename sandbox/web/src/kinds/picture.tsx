import { IconPhotoOff, IconPlayerPlayFilled, IconVideoOff } from '@tabler/icons-react';
import { useState } from 'react';
import type { Media } from '../rich/rich.ts';
import classes from './picture.module.css';

interface PictureProps {
  kind: 'image' | 'video' | 'sticker';
  media: Media;
  /** What a screen reader says of it: a caption, where there is one. */
  name: string;
}

/** An image, a video by its first frame, or a sticker; a calm sign in its place when its bytes cannot be had. */
export function Picture({ kind, media, name }: PictureProps) {
  const [failed, setFailed] = useState<string>();
  const { source } = media;
  const frame = kind === 'sticker' ? `${classes.frame} ${classes.sticker}` : classes.frame;
  if (source === undefined || source === failed) {
    return (
      <div className={frame}>
        <Absent kind={kind} />
      </div>
    );
  }
  const lost = () => setFailed(source);
  if (kind === 'video') {
    return (
      <a
        className={frame}
        href={source}
        target="_blank"
        rel="noreferrer noopener"
        aria-label={`Play: ${name}`}
      >
        <video src={source} muted preload="metadata" onError={lost} />
        <IconPlayerPlayFilled className={classes.play} size={26} aria-hidden />
      </a>
    );
  }
  const image = <img src={source} alt={name} referrerPolicy="no-referrer" decoding="async" onError={lost} />;
  return kind === 'sticker' ? (
    <div className={frame}>{image}</div>
  ) : (
    <a className={frame} href={source} target="_blank" rel="noreferrer noopener" title="Open the image">
      {image}
    </a>
  );
}

function Absent({ kind }: { kind: PictureProps['kind'] }) {
  const Icon = kind === 'video' ? IconVideoOff : IconPhotoOff;
  return (
    <div className={classes.absent}>
      <Icon size={30} stroke={1.4} aria-hidden />
      This {kind} cannot be shown
    </div>
  );
}
