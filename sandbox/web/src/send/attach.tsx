import { ActionIcon, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconAddressBook,
  IconChartBar,
  IconFile,
  IconMapPin,
  IconMicrophone,
  IconPaperclip,
  IconPhoto,
  IconSticker,
  IconVideo,
} from '@tabler/icons-react';
import { useRef, useState } from 'react';
import type { FileKind } from '../outgoing.ts';
import { Sheet } from '../sheet.tsx';
import classes from './attach.module.css';
import { ContactSheet } from './contact-sheet.tsx';
import { FileSheet, type Picked } from './file-sheet.tsx';
import { LocationSheet } from './location-sheet.tsx';
import { Refusal } from './refusal.tsx';
import { useSend } from './use-send.ts';

interface FileChoice {
  kind: FileKind;
  voice: boolean;
  label: string;
  Icon: typeof IconPhoto;
  /** What the file dialog offers first; the sandbox judges what comes. */
  accept: string;
}

const FILES: FileChoice[] = [
  { kind: 'image', voice: false, label: 'Photo', Icon: IconPhoto, accept: 'image/jpeg,image/png' },
  { kind: 'video', voice: false, label: 'Video', Icon: IconVideo, accept: 'video/mp4,video/3gpp' },
  { kind: 'document', voice: false, label: 'Document', Icon: IconFile, accept: '' },
  { kind: 'audio', voice: true, label: 'Voice note', Icon: IconMicrophone, accept: 'audio/*' },
  { kind: 'sticker', voice: false, label: 'Sticker', Icon: IconSticker, accept: 'image/webp' },
];

type Form = 'location' | 'contact';

/** The way to everything that is not text. */
export function Attach() {
  const [opened, { open, close }] = useDisclosure();
  const [form, setForm] = useState<Form>();
  const [picked, setPicked] = useState<Picked>();
  const [choice, setChoice] = useState<FileChoice>();
  const input = useRef<HTMLInputElement>(null);
  const send = useSend();
  const done = () => setForm(undefined);

  return (
    <>
      <ActionIcon
        variant="subtle"
        color="gray"
        size={40}
        radius="xl"
        aria-label="Attach"
        title="Attach"
        onClick={open}
      >
        <IconPaperclip size={21} aria-hidden />
      </ActionIcon>
      <input
        ref={input}
        type="file"
        hidden
        accept={choice?.accept}
        aria-label="File to send"
        onChange={event => {
          const file = event.currentTarget.files?.[0];
          // Emptied, so that the same file can be picked again.
          event.currentTarget.value = '';
          if (!file || !choice) return;
          setPicked({ kind: choice.kind, voice: choice.voice, file });
          close();
        }}
      />
      <Sheet opened={opened} onClose={close} title="Send something else">
        <div className={classes.grid}>
          {FILES.map(each => (
            <Item
              key={each.label}
              label={each.label}
              Icon={each.Icon}
              onTap={() => {
                if (input.current) input.current.accept = each.accept;
                setChoice(each);
                input.current?.click();
              }}
            />
          ))}
          <Item
            label="Location"
            Icon={IconMapPin}
            onTap={() => {
              close();
              setForm('location');
            }}
          />
          <Item
            label="Contact"
            Icon={IconAddressBook}
            onTap={() => {
              close();
              setForm('contact');
            }}
          />
          <Item
            label="Poll (unsupported)"
            Icon={IconChartBar}
            onTap={() =>
              send.mutate(
                { outgoing: { type: 'unsupported', unsupported: { type: 'poll_creation' } } },
                { onSuccess: close },
              )
            }
          />
        </div>
        <Refusal error={send.error} />
      </Sheet>
      <LocationSheet opened={form === 'location'} onClose={done} />
      <ContactSheet opened={form === 'contact'} onClose={done} />
      <FileSheet picked={picked} onClose={() => setPicked(undefined)} />
    </>
  );
}

function Item({ label, Icon, onTap }: { label: string; Icon: typeof IconPhoto; onTap: () => void }) {
  return (
    <UnstyledButton className={classes.item} onClick={onTap}>
      <span className={classes.sign}>
        <Icon size={24} stroke={1.7} aria-hidden />
      </span>
      {label}
    </UnstyledButton>
  );
}
