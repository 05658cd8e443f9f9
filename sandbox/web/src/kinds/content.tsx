import { IconBan, IconInfoCircle } from '@tabler/icons-react';
import type { PhoneMessage } from '../api.ts';
import { fieldsOf, textOf } from '../fields.ts';
import { mediaOf } from '../media.ts';
import { OrderLines } from '../rich/order-block.tsx';
import { readPlace } from '../rich/read-parts.ts';
import type { Rich } from '../rich/rich.ts';
import { RichBody } from '../rich/rich-body.tsx';
import { AnswerCard } from './answer-card.tsx';
import { readAnswer, readCart } from './answers.ts';
import { ContactCards } from './contact-cards.tsx';
import classes from './content.module.css';
import { Paper } from './paper.tsx';
import { readPeople } from './people.ts';
import { Picture } from './picture.tsx';
import { PlaceCard } from './place-card.tsx';
import { Raw } from './raw.tsx';
import { Sound } from './sound.tsx';
import { LinkCard, Words } from './words.tsx';

/** What a bubble shows of its message, whatever its kind; `rich` when the message has parts. */
export function Content({ message, rich }: { message: PhoneMessage; rich: Rich | undefined }) {
  if (message.deleted === true) {
    return (
      <span className={classes.quiet}>
        <IconBan size={16} aria-hidden />
        This message was deleted
      </span>
    );
  }
  if (rich) return <RichBody rich={rich} />;
  const { type } = message;
  const content = message[type];
  const fields = fieldsOf(content);
  switch (type) {
    case 'text': {
      const text = textOf(fields.body) ?? message.rendered ?? '';
      return (
        <>
          {fields.preview_url === true && <LinkCard text={text} />}
          <Words text={text} />
        </>
      );
    }
    case 'template':
      return message.rendered === undefined ? (
        <Raw label={type} content={content} />
      ) : (
        <Words text={message.rendered} />
      );
    case 'image':
    case 'video':
    case 'sticker':
      return <Captioned message={message} kind={type} caption={textOf(fields.caption)} />;
    case 'document': {
      const caption = textOf(fields.caption);
      return (
        <>
          <Paper media={mediaOf(message)} />
          {caption !== undefined && <Words text={caption} />}
        </>
      );
    }
    case 'audio':
      return <Sound media={mediaOf(message)} voice={fields.voice === true} />;
    case 'location':
      return <PlaceCard place={readPlace(content)} />;
    case 'contacts': {
      const people = readPeople(content);
      return people.length === 0 ? <Raw label={type} content={content} /> : <ContactCards people={people} />;
    }
    case 'reaction':
      return (
        <span className={classes.quiet}>
          {textOf(fields.emoji) === undefined
            ? 'Took back a reaction to an earlier message'
            : `Reacted ${String(fields.emoji)} to an earlier message`}
        </span>
      );
    case 'button':
      return <Words text={textOf(fields.text) ?? textOf(fields.payload) ?? 'A button'} />;
    case 'interactive': {
      const answer = readAnswer(content);
      return answer === undefined ? (
        <Raw label={labelOf(type, fields.type)} content={content} />
      ) : (
        <AnswerCard answer={answer} />
      );
    }
    case 'order': {
      const { order, note } = readCart(content);
      return (
        <>
          <OrderLines order={order} />
          {note !== undefined && <Words text={note} />}
        </>
      );
    }
    case 'system':
      return <Notice text={textOf(fields.body) ?? labelOf(type, fields.type)} />;
    case 'unsupported':
      return <Notice text={`Sent what the business cannot read: ${kindOf(fields.type)}`} />;
    case 'edit':
      return <Notice text="Changed an earlier message" />;
    case 'revoke':
      return <Notice text="Deleted an earlier message" />;
    default:
      return <Raw label={type} content={content} />;
  }
}

/** `poll_creation` as "poll creation". */
const kindOf = (type: unknown) => (textOf(type) ?? 'an unknown kind').replaceAll('_', ' ');

const labelOf = (type: string, kind: unknown) => [type, textOf(kind)].filter(Boolean).join(' · ');

function Notice({ text }: { text: string }) {
  return (
    <span className={classes.quiet} dir="auto">
      <IconInfoCircle size={16} aria-hidden />
      {text}
    </span>
  );
}

const MEDIA_NAMES = { image: 'Image', video: 'Video', sticker: 'Sticker' } as const;

interface CaptionedProps {
  message: PhoneMessage;
  kind: 'image' | 'video' | 'sticker';
  caption: string | undefined;
}

function Captioned({ message, kind, caption }: CaptionedProps) {
  return (
    <>
      <Picture kind={kind} media={mediaOf(message)} name={caption ?? MEDIA_NAMES[kind]} />
      {caption !== undefined && <Words text={caption} />}
    </>
  );
}
