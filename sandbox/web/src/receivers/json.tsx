import { keyed } from '../keyed.ts';
import classes from './json.module.css';

/** A text in quotes with the colon that makes it a name, or a word or number. */
const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(?:true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
/** Above so many characters it stays in one colour: each coloured word is an element of the page. */
const COLOURED_MAX = 40_000;

/** JSON that is laid out already, with its names and values in colour. */
export function Json({ text }: { text: string }) {
  if (text.length > COLOURED_MAX) return text;
  return keyed(partsOf(text)).map(({ key, item: { kind, words } }) =>
    kind === undefined ? (
      words
    ) : (
      <span key={key} className={classes[kind]}>
        {words}
      </span>
    ),
  );
}

interface Part {
  kind: 'name' | 'text' | 'value' | undefined;
  words: string;
}

function partsOf(text: string): Part[] {
  const parts: Part[] = [];
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    const [whole, quoted, colon] = match;
    if (match.index > from) parts.push({ kind: undefined, words: text.slice(from, match.index) });
    const kind = quoted === undefined ? 'value' : colon === undefined ? 'text' : 'name';
    parts.push({ kind, words: whole });
    from = match.index + whole.length;
  }
  parts.push({ kind: undefined, words: text.slice(from) });
  return parts;
}
