import { afterEach, beforeEach, expect, test } from 'vitest';
import { accepted, failing, type OutboxGround, outboxGround } from '../../test/outbox.ts';
import type { Failure } from '../message/failure.ts';
import { newId } from '../message/id.ts';
import type { TemplateState } from '../templates/template.ts';

let o: OutboxGround;
let state: TemplateState;
const templateId = newId();

beforeEach(async () => {
  o = await outboxGround();
  state = 'sendable';
});
afterEach(() => o.close());

const templated = () =>
  o.hello({ content: { type: 'template', template: { name: 'offer', language: { code: 'en' } } } });
const known = {
  sweeps: true,
  templateState: () => state,
  checkTemplate: () => ({ ok: true, templateId, category: 'MARKETING' }) as const,
};
const parked = (id: string) => expect.poll(async () => (await o.row(id)).parked, { interval: 10 });

test('a message whose template is paused waits outside the ready index and is not sent', async () => {
  state = 'held';
  const node = await o.node(accepted, known);
  const [one] = await node.put(templated());
  await parked(one!).toBe('template');
  expect(node.sent).toEqual([]);
  expect(await o.row(one!)).toMatchObject({ status: 10, attempt: 0, template_id: templateId });
});

test('other messages of the sender pass those whose template is paused', async () => {
  state = 'held';
  const node = await o.node(accepted, known);
  const [held, text] = await node.put(templated(), o.hello());
  await o.becomes(text!, 'accepted');
  await parked(held!).toBe('template');
});

test('when the template may be sent again, what waited for it leaves', async () => {
  state = 'held';
  const node = await o.node(accepted, known);
  const ids = await node.put(templated(), templated());
  for (const id of ids) await parked(id).toBe('template');
  await node.held.look();
  expect(node.sent).toEqual([]);
  state = 'sendable';
  await node.held.look();
  for (const id of ids) await o.becomes(id, 'accepted');
  expect(node.sent).toHaveLength(2);
});

test('a template that was disabled ends what waited for it, with the reason', async () => {
  state = 'held';
  const node = await o.node(accepted, known);
  const [one] = await node.put(templated());
  await parked(one!).toBe('template');
  const failure: Failure = {
    code: '132016',
    title: 'Template is disabled',
    outcome: 'final',
    remedy: '',
    source: 'wirebird',
  };
  state = failure;
  await node.held.look();
  await o.becomes(one!, 'failed');
  expect(JSON.parse((await o.row(one!)).failure!)).toMatchObject({ code: '132016' });
});

test('a refusal as paused that WhatsApp confirms keeps the message, one that it does not ends it', async () => {
  let confirmed = true;
  const node = await o.node(() => failing({ code: '132015', title: 'Template is paused' }), {
    ...known,
    confirmHeld: async id => id === templateId && confirmed,
  });
  const [kept] = await node.put(templated());
  await parked(kept!).toBe('template');
  confirmed = false;
  const [ended] = await node.put(templated());
  await o.becomes(ended!, 'failed');
  expect(await o.row(kept!)).toMatchObject({ status: 10, parked: 'template' });
});

test('a message of an unknown template that WhatsApp calls paused ends', async () => {
  const node = await o.node(() => failing({ code: '132015' }), { confirmHeld: async () => true });
  const [one] = await node.put(templated());
  await o.becomes(one!, 'failed');
});
