import { afterAll, beforeAll, expect, test } from 'vitest';
import { GRAPH_SENDER, type GraphSide, graphSide } from '../../../test/graph.ts';

let graph: GraphSide;
beforeAll(async () => {
  graph = await graphSide();
});
afterAll(() => graph.close());

const FRAME = '{"messaging_product":"whatsapp","recipient_type":"individual",';

test.each([
  ['a number', '+15557654321', '"to":"+15557654321"'],
  ['a person without one', 'US.13491208655302741918', '"recipient":"US.13491208655302741918"'],
])('%s is addressed as Meta wants it, and the content goes byte by byte', async (_, recipient, address) => {
  const content = '{"type":"text","text":{"body":"Füße 👣 \\" \\u2028"},"context":{"message_id":"wamid.X"}}';
  const sent = await graph.whatsapp.send(GRAPH_SENDER, { recipient, content, callback: 'wb:x:1' });
  expect(sent).toEqual({ kind: 'accepted', wamid: 'wamid.1' });
  expect(graph.bodies.at(-1)).toBe(
    `${FRAME}${address},"biz_opaque_callback_data":"wb:x:1",${content.slice(1)}`,
  );
});

test.each<[string, string, object, object | undefined]>([
  ['the number that it was sent to', '+16505551234', { wa_id: '16505551234' }, undefined],
  [
    'another number',
    '+5491123456789',
    { wa_id: '541123456789' },
    { phone: '541123456789', userIds: [], formerPhone: '+5491123456789' },
  ],
  [
    'a user id',
    '+16505551234',
    { wa_id: '16505551234', user_id: 'US.1349' },
    { phone: '16505551234', userIds: ['US.1349'], formerPhone: undefined },
  ],
  [
    'no number, as of who has a user name',
    '+16505551234',
    { wa_id: '', user_id: 'US.1349', parent_user_id: 'US.ENT.7' },
    { phone: '+16505551234', userIds: ['US.1349', 'US.ENT.7'], formerPhone: undefined },
  ],
  [
    'the number behind a user id',
    'US.1349',
    { wa_id: '16505551234', user_id: 'US.1349' },
    { phone: '16505551234', userIds: ['US.1349', 'US.1349'], formerPhone: undefined },
  ],
  ['things that are no names', '+16505551234', { wa_id: 7, user_id: null }, undefined],
])('an answer that recognizes %s', async (_, recipient, contact, names) => {
  graph.answerWith({ contacts: [{ input: recipient, ...contact }], messages: [{ id: 'wamid.2' }] });
  const content = '{"type":"text","text":{"body":"hi"}}';
  expect(await graph.whatsapp.send(GRAPH_SENDER, { recipient, content, callback: 'wb:x:1' })).toEqual({
    kind: 'accepted',
    wamid: 'wamid.2',
    ...(names === undefined ? {} : { names }),
  });
});

test('a message that WhatsApp takes and holds says so', async () => {
  const send = { recipient: '+16505551234', content: '{"type":"template"}', callback: 'wb:x:1' };
  graph.answerWith({ messages: [{ id: 'wamid.3', message_status: 'held_for_quality_assessment' }] });
  expect(await graph.whatsapp.send(GRAPH_SENDER, send)).toMatchObject({
    kind: 'accepted',
    held: 'held_for_quality_assessment',
  });
  graph.answerWith({ messages: [{ id: 'wamid.4', message_status: 'accepted' }] });
  expect(await graph.whatsapp.send(GRAPH_SENDER, send)).toEqual({ kind: 'accepted', wamid: 'wamid.4' });
});
