import { expect, test } from 'vitest';
import type { PhoneMessage } from './api.ts';
import { gatherReactions } from './reactions.ts';

const message = (wamid: string, more: Partial<PhoneMessage> = {}): PhoneMessage => ({
  wamid,
  phone: '+441',
  sender: { phone_number: '+1', display_name: 'Acme' },
  direction: 'to_phone',
  type: 'text',
  text: { body: wamid },
  at: '2026-01-01T00:00:00.000Z',
  status: 'read',
  ...more,
});
const reaction = (wamid: string, message_id: string, emoji: string, more: Partial<PhoneMessage> = {}) =>
  message(wamid, { type: 'reaction', reaction: { message_id, emoji }, ...more });
const names = (messages: PhoneMessage[]) => messages.map(({ wamid }) => wamid);

test('a reaction stands on its message and has no bubble of its own', () => {
  const { shown, reactions } = gatherReactions([
    message('a'),
    reaction('b', 'a', '👍'),
    reaction('c', 'a', '🎉', { direction: 'from_phone' }),
  ]);
  expect(names(shown)).toEqual(['a']);
  expect(reactions.get('a')).toEqual({ business: '👍', person: '🎉' });
});

test('the last reaction of each side counts, and an empty one takes it back', () => {
  const { reactions } = gatherReactions([
    message('a'),
    reaction('b', 'a', '👍'),
    reaction('c', 'a', '🎉'),
    message('d'),
    reaction('e', 'd', '👍'),
    reaction('f', 'd', ''),
  ]);
  expect(reactions.get('a')).toEqual({ business: '🎉' });
  expect(reactions.get('d')).toEqual({ business: undefined });
});

test('a reaction whose message is gone, or that failed, keeps its bubble', () => {
  const { shown, reactions } = gatherReactions([
    message('a'),
    reaction('b', 'gone', '👍'),
    reaction('c', 'a', '👍', { status: 'failed' }),
  ]);
  expect(names(shown)).toEqual(['a', 'b', 'c']);
  expect(reactions.size).toBe(0);
});

test("the sandbox's own list of reactions wins", () => {
  const { reactions } = gatherReactions([
    message('a', { reactions: [{ from: 'person', emoji: '🎉' }] }),
    reaction('b', 'a', '👍'),
  ]);
  expect(reactions.get('a')).toEqual({ business: undefined, person: '🎉' });
});

test.each(['edit', 'revoke'])(
  "a person's %s has a bubble only when the message that it changed is gone",
  type => {
    const change = (wamid: string, original_message_id: string) =>
      message(wamid, { type, direction: 'from_phone', [type]: { original_message_id } });
    const { shown } = gatherReactions([message('a'), change('b', 'a'), change('c', 'gone')]);
    expect(names(shown)).toEqual(['a', 'c']);
  },
);
