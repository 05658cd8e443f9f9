import { describe, expect, test } from 'vitest';
import type { Phone, PhoneMessage, Status } from './api.ts';
import { applyToMessages, applyToPhones, KEPT_PER_PHONE, type LiveEvent } from './events.ts';

const message = (wamid: string, status: Status = 'accepted', phone = '+441'): PhoneMessage => ({
  wamid,
  phone,
  sender: { phone_number: '+1', display_name: 'Acme' },
  direction: 'to_phone',
  type: 'text',
  text: { body: wamid },
  at: '2026-01-01T00:00:00.000Z',
  status,
});
const came = (wamid: string, status?: Status, phone?: string): LiveEvent => ({
  kind: 'message',
  message: message(wamid, status, phone),
});
const moved = (wamid: string, status: Status, phone = '+441'): LiveEvent => ({
  kind: 'status',
  update: { wamid, phone, status, at: '2026-01-01T00:00:01.000Z' },
});
const phone = (number: string, last: PhoneMessage | null): Phone => ({
  phone: number,
  name: '',
  unread: 0,
  last,
});
const summary = (messages: PhoneMessage[]) => messages.map(({ wamid, status }) => `${wamid} ${status}`);

describe('messages after events', () => {
  test.each<[rule: string, LiveEvent[], string[]]>([
    ['a new message stands last', [came('b')], ['a sent', 'b accepted']],
    ['a message that is known already is not shown twice', [came('a')], ['a sent']],
    ['a status moves its message on', [moved('a', 'read')], ['a read']],
    ['a late status does not undo a higher one', [moved('a', 'accepted')], ['a sent']],
    [
      'of several statuses in one step the highest stands',
      [moved('a', 'read'), moved('a', 'delivered')],
      ['a read'],
    ],
    [
      'a status in the step of its message counts',
      [came('b'), moved('b', 'delivered')],
      ['a sent', 'b delivered'],
    ],
    ['a delivery outranks a failure', [moved('a', 'failed'), moved('a', 'delivered')], ['a delivered']],
  ])('%s', (_, events, expected) => {
    expect(summary(applyToMessages([message('a', 'sent')], '+441', events))).toEqual(expected);
  });

  test('news of a message that is there changes it where it stands, and undoes no status', () => {
    const before = [message('a', 'read'), message('b', 'sent')];
    const edited = { ...message('a', 'sent'), text: { body: 'new' }, edited: true };
    const after = applyToMessages(before, '+441', [{ kind: 'message', message: edited }]);
    expect(summary(after)).toEqual(['a read', 'b sent']);
    expect(after[0]).toMatchObject({ text: { body: 'new' }, edited: true });
  });

  test('what concerns other phones, or changes nothing, leaves the very same array', () => {
    const before = [message('a', 'sent')];
    expect(applyToMessages(before, '+441', [came('b', 'sent', '+442'), moved('a', 'read', '+442')])).toBe(
      before,
    );
    expect(applyToMessages(before, '+441', [moved('a', 'sent'), moved('gone', 'read')])).toBe(before);
  });

  test('only the newest are kept', () => {
    const many = Array.from({ length: KEPT_PER_PHONE }, (_, index) => message(`m${index}`));
    const after = applyToMessages(many, '+441', [came('new')]);
    expect([after.length, after[0]?.wamid, after.at(-1)?.wamid]).toEqual([KEPT_PER_PHONE, 'm1', 'new']);
  });
});

describe('the list of phones after events', () => {
  const before = [
    phone('+441', message('a', 'sent')),
    phone('+442', message('b', 'sent', '+442')),
    phone('+443', null),
  ];

  test('phones with new messages come first, the newest before the others', () => {
    const after = applyToPhones(before, [came('c', 'accepted', '+443'), came('d', 'accepted', '+442')]);
    expect(after.map(({ phone: number, last }) => [number, last?.wamid])).toEqual([
      ['+442', 'd'],
      ['+443', 'c'],
      ['+441', 'a'],
    ]);
  });

  test('news of an earlier message moves no phone', () => {
    const old = { ...message('old', 'read', '+443'), at: '2025-01-01T00:00:00.000Z' };
    const phones = [...before, phone('+444', message('d', 'sent', '+444'))];
    const after = applyToPhones(phones, [{ kind: 'message', message: { ...old, phone: '+444' } }]);
    expect(after.map(({ last }) => last?.wamid)).toEqual(['a', 'b', undefined, 'd']);
  });

  test('a status of the last message is shown and moves no phone; one of an earlier message is not shown', () => {
    const after = applyToPhones(before, [moved('b', 'read', '+442'), moved('earlier', 'read', '+441')]);
    expect(after.map(({ last }) => last?.status)).toEqual(['sent', 'read', undefined]);
    expect(after.map(({ phone: number }) => number)).toEqual(['+441', '+442', '+443']);
  });
});
