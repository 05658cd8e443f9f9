import { expect, test } from 'vitest';
import type { PhoneMessage } from './api.ts';
import { choicesIn } from './choices.ts';

const answer = (content: { type: string; [content: string]: unknown }, asked = 'ask'): PhoneMessage => ({
  wamid: 'w',
  phone: '+441',
  sender: { phone_number: '+1', display_name: 'Acme' },
  direction: 'from_phone',
  context: { id: asked },
  at: '2026-01-01T00:00:00.000Z',
  status: 'sent',
  ...content,
});

const interactive = (reply: object) => answer({ type: 'interactive', interactive: reply });

test.each([
  ["a template's button by its payload", answer({ type: 'button', button: { payload: 'P' } }), 'reply P'],
  ['a reply by its id', interactive({ type: 'button_reply', button_reply: { id: 'y' } }), 'reply y'],
  ['a row by its id', interactive({ type: 'list_reply', list_reply: { id: 'y' } }), 'row y'],
  ['a form', interactive({ type: 'nfm_reply', nfm_reply: {} }), 'nfm_reply'],
  [
    'a permission for some days',
    interactive({ type: 'call_permission_reply', call_permission_reply: { response: 'accept' } }),
    'accept',
  ],
  [
    'a permission for good',
    interactive({
      type: 'call_permission_reply',
      call_permission_reply: { response: 'accept', is_permanent: true },
    }),
    'accept always',
  ],
  ['a place', answer({ type: 'location', location: {} }), 'location'],
  ['a cart', answer({ type: 'order', order: {} }), 'order'],
])('a message is marked with what was chosen in it: %s', (_, message, choice) => {
  expect(choicesIn([message]).get('ask')).toBe(JSON.stringify([choice]));
});

test('choices stand in the order in which they were made, each with its own message', () => {
  const row = (id: string, asked: string) =>
    answer({ type: 'interactive', interactive: { type: 'list_reply', list_reply: { id } } }, asked);
  const choices = choicesIn([row('a', 'one'), row('b', 'two'), row('c', 'one')]);
  expect(choices.get('one')).toBe('["row a","row c"]');
  expect(choices.get('two')).toBe('["row b"]');
});

test('a text that quotes a message chooses nothing in it', () => {
  expect(choicesIn([answer({ type: 'text', text: { body: 'y' } })]).size).toBe(0);
});
