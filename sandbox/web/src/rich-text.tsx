import { Anchor } from '@mantine/core';
import type { ReactNode } from 'react';

/**
 * WhatsApp's marks, each around text that touches it, with no letter or digit outside: *bold*, _italic_, ~struck~,
 * `code` and ```code over lines```; lines that are quoted with > or listed with - or *; and web addresses, which come
 * first, so that a mark inside one stays part of it.
 */
const TOKEN = new RegExp(
  [
    /(?<![^\n])> (?<quoted>[^\n]+)\n?/,
    /(?<![^\n])[-*] (?<item>[^\n]+)\n?/,
    /(?<link>\bhttps?:\/\/[^\s<>"]+)/,
    /```(?<block>[\s\S]+?)```/,
    /`(?<code>[^`\n]+)`/,
    /(?<![\p{L}\p{N}])\*(?!\s)(?<bold>[^*\n]+?)(?<!\s)\*(?![\p{L}\p{N}])/u,
    /(?<![\p{L}\p{N}])_(?!\s)(?<italic>[^_\n]+?)(?<!\s)_(?![\p{L}\p{N}])/u,
    /(?<![\p{L}\p{N}])~(?!\s)(?<struck>[^~\n]+?)(?<!\s)~(?![\p{L}\p{N}])/u,
  ]
    .map(part => part.source)
    .join('|'),
  'gu',
);

/** Sentence marks after an address are not part of it; a closing bracket is, when the address opens one. */
function splitLink(found: string): [link: string, rest: string] {
  let end = found.length;
  while (end > 0) {
    const last = found[end - 1] ?? '';
    const balanced =
      last === ')' && found.slice(0, end).split('(').length >= found.slice(0, end).split(')').length;
    if (!".,;:!?)]}'*_~".includes(last) || balanced) break;
    end--;
  }
  return [found.slice(0, end), found.slice(end)];
}

/** The first web address in a text. */
export function firstLink(text: string): string | undefined {
  const found = /\bhttps?:\/\/[^\s<>"]+/.exec(text)?.[0];
  return found === undefined ? undefined : splitLink(found)[0];
}

/** A message's text as nodes: its line breaks stay in the text for the style sheet to keep. */
export function richText(text: string): ReactNode[] {
  const nodes: ReactNode[] = [];
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    const { quoted, item, link, block, code, bold, italic, struck } = match.groups ?? {};
    if (match.index > from) nodes.push(text.slice(from, match.index));
    from = match.index + match[0].length;
    const key = match.index;
    if (quoted !== undefined) nodes.push(<q key={key}>{richText(quoted)}</q>);
    else if (item !== undefined) {
      nodes.push(
        <span key={key} data-item>
          {richText(item)}
        </span>,
      );
    } else if (link !== undefined) {
      const [href, rest] = splitLink(link);
      nodes.push(
        <Anchor
          key={key}
          href={href}
          target="_blank"
          rel="noreferrer noopener"
          inherit
          c="var(--sandbox-link)"
          underline="always"
          dir="ltr"
        >
          {href}
        </Anchor>,
        rest,
      );
    } else if (block !== undefined || code !== undefined) nodes.push(<code key={key}>{block ?? code}</code>);
    else if (bold !== undefined) nodes.push(<strong key={key}>{richText(bold)}</strong>);
    else if (italic !== undefined) nodes.push(<em key={key}>{richText(italic)}</em>);
    else if (struck !== undefined) nodes.push(<s key={key}>{richText(struck)}</s>);
  }
  if (from < text.length) nodes.push(text.slice(from));
  return nodes;
}
