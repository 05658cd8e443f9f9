import { Button, TextInput } from '@mantine/core';
import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useEffect, useState } from 'react';
import { keepFile } from '../api.ts';
import { Paper } from '../kinds/paper.tsx';
import type { FileKind } from '../outgoing.ts';
import { Sheet } from '../sheet.tsx';
import classes from './file-sheet.module.css';
import form from './form.module.css';
import { Refusal } from './refusal.tsx';
import { useSend } from './use-send.ts';

/** A file that the person picked, before it is sent. */
export interface Picked {
  kind: FileKind;
  voice: boolean;
  file: File;
}

const NAMES: Record<FileKind, string> = {
  image: 'image',
  video: 'video',
  audio: 'audio',
  document: 'document',
  sticker: 'sticker',
};

/** WhatsApp: caption of image, video and document, characters (meta-cloud-api §3). */
const CAPTION_MAX = 1024;
const CAPTIONED: ReadonlySet<FileKind> = new Set(['image', 'video', 'document']);

export function FileSheet({ picked, onClose }: { picked: Picked | undefined; onClose: () => void }) {
  const name = picked && (picked.voice ? 'voice note' : NAMES[picked.kind]);
  return (
    <Sheet opened={picked !== undefined} onClose={onClose} title={`Send ${name ?? 'a file'}`}>
      {picked && <FileForm picked={picked} onSent={onClose} />}
    </Sheet>
  );
}

function FileForm({ picked: { kind, voice, file }, onSent }: { picked: Picked; onSent: () => void }) {
  const [caption, setCaption] = useState('');
  const send = useSend();
  const upload = useMutation({
    mutationFn: async () => {
      const { id } = await keepFile(file);
      await send.mutateAsync({
        outgoing: {
          type: kind,
          file: {
            media_id: id,
            ...(caption.trim() !== '' && { caption: caption.trim() }),
            ...(kind === 'document' && { filename: file.name }),
            ...(voice && { voice: true as const }),
          },
        },
      });
    },
    onSuccess: onSent,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!upload.isPending) upload.mutate();
  };
  return (
    <form className={form.form} onSubmit={submit}>
      {kind === 'image' || kind === 'sticker' ? (
        <Preview file={file} />
      ) : (
        <Paper media={{ filename: file.name, mimeType: file.type, size: file.size }} />
      )}
      {CAPTIONED.has(kind) && (
        <TextInput
          data-autofocus
          label="Caption"
          dir="auto"
          maxLength={CAPTION_MAX}
          value={caption}
          onChange={event => setCaption(event.currentTarget.value)}
        />
      )}
      <Refusal error={upload.error} />
      <Button type="submit" loading={upload.isPending}>
        Send
      </Button>
    </form>
  );
}

function Preview({ file }: { file: File }) {
  const [source, setSource] = useState<string>();
  useEffect(() => {
    const url = URL.createObjectURL(file);
    setSource(url);
    return () => URL.revokeObjectURL(url);
  }, [file]);
  return source && <img className={classes.preview} src={source} alt={file.name} />;
}
