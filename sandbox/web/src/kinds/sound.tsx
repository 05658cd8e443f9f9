import { ActionIcon } from '@mantine/core';
import { IconMicrophone, IconMusic, IconPlayerPauseFilled, IconPlayerPlayFilled } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { Media } from '../rich/rich.ts';
import { playTime } from '../time.ts';
import classes from './sound.module.css';

interface SoundProps {
  media: Media;
  /** Whether it was spoken for this chat, and is no file of music. */
  voice: boolean;
}

/** Audio that can be played: a voice note or a sound file. */
export function Sound({ media: { source }, voice }: SoundProps) {
  const name = voice ? 'voice note' : 'audio';
  const Icon = voice ? IconMicrophone : IconMusic;
  return (
    <div className={classes.sound}>
      <span className={classes.sign}>
        <Icon size={20} aria-hidden />
      </span>
      {source === undefined ? (
        <span className={classes.absent}>This {name} cannot be played</span>
      ) : (
        <Player key={source} source={source} name={name} />
      )}
    </div>
  );
}

function Player({ source, name }: { source: string; name: string }) {
  const audio = useRef<HTMLAudioElement>(null);
  const [failed, setFailed] = useState(false);
  const [playing, setPlaying] = useState(false);
  const [at, setAt] = useState(0);
  const [length, setLength] = useState(0);

  useEffect(() => {
    const player = new Audio();
    player.preload = 'metadata';
    audio.current = player;
    const ends = new AbortController();
    const on = (event: string, handle: () => void) =>
      player.addEventListener(event, handle, { signal: ends.signal });
    on('durationchange', () => setLength(Number.isFinite(player.duration) ? player.duration : 0));
    on('timeupdate', () => setAt(player.currentTime));
    on('play', () => setPlaying(true));
    on('pause', () => setPlaying(false));
    on('error', () => setFailed(true));
    player.src = source;
    return () => {
      ends.abort();
      player.pause();
      player.removeAttribute('src');
    };
  }, [source]);

  if (failed) return <span className={classes.absent}>This {name} cannot be played</span>;
  const Icon = playing ? IconPlayerPauseFilled : IconPlayerPlayFilled;
  return (
    <>
      <ActionIcon
        variant="subtle"
        size={36}
        radius="xl"
        aria-label={`${playing ? 'Pause' : 'Play'} the ${name}`}
        onClick={() => {
          if (playing) audio.current?.pause();
          else audio.current?.play().catch(() => setFailed(true));
        }}
      >
        <Icon size={20} aria-hidden />
      </ActionIcon>
      <input
        className={classes.line}
        type="range"
        min={0}
        max={length || 1}
        step="any"
        value={at}
        aria-label={`Place in the ${name}`}
        aria-valuetext={`${playTime(at)} of ${playTime(length)}`}
        onChange={event => {
          if (audio.current) audio.current.currentTime = Number(event.currentTarget.value);
        }}
      />
      <span className={classes.time}>{playTime(playing || at > 0 ? at : length)}</span>
    </>
  );
}
