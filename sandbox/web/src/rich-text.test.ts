import { MantineProvider } from '@mantine/core';
import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { expect, test } from 'vitest';
import { richText } from './rich-text.tsx';

/** The markup without Mantine's classes and styles, which are not the matter here. */
function markup(text: string): string {
  const all = renderToStaticMarkup(
    createElement(MantineProvider, null, createElement('p', null, ...richText(text))),
  );
  return (/<p>(.*)<\/p>/s.exec(all)?.[1] ?? '').replace(/<a [^>]*href="([^"]*)"[^>]*>/g, '<a $1>');
}

test.each([
  ['marks become type', '*b* _i_ ~s~ `c`', '<strong>b</strong> <em>i</em> <s>s</s> <code>c</code>'],
  ['marks stand inside each other', '*a _b_*', '<strong>a <em>b</em></strong>'],
  ['a mark inside a word is a letter of it', 'snake_case_name 2*3*4', 'snake_case_name 2*3*4'],
  ['a mark beside a space is no mark', 'so * no* and _ no _', 'so * no* and _ no _'],
  ['a mark does not reach over a line', '*a\nb*', '*a\nb*'],
  ['code keeps its marks and lines', '```*a*\nb```', '<code>*a*\nb</code>'],
  [
    'an address keeps its underlines',
    'https://x.test/a_b_c',
    '<a https://x.test/a_b_c>https://x.test/a_b_c</a>',
  ],
  [
    'the full stop after an address is not in it',
    'https://x.test/.',
    '<a https://x.test/>https://x.test/</a>.',
  ],
  [
    'a bracket that an address opens is in it',
    'https://x.test/a_(b)',
    '<a https://x.test/a_(b)>https://x.test/a_(b)</a>',
  ],
  [
    'a bracket round an address is not in it',
    '(https://x.test/a)',
    '(<a https://x.test/a>https://x.test/a</a>)',
  ],
  ['other schemes are text', 'javascript:alert(1) data:x', 'javascript:alert(1) data:x'],
  ['markup is text', '<b>&', '&lt;b&gt;&amp;'],
  ['a line can be quoted', 'a\n> *b*\nc', 'a\n<q><strong>b</strong></q>c'],
  ['lines can be a list', '- a\n* b\nc', '<span data-item="true">a</span><span data-item="true">b</span>c'],
  ['a sign inside a line is no list and no quote', 'a > b - c', 'a &gt; b - c'],
  ['letters of any script are letters', 'ы_ы_ы', 'ы_ы_ы'],
])('%s', (_, text, expected) => {
  expect(markup(text)).toBe(expected);
});
