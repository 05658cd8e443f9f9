import { expect, test } from 'vitest';
import { addressReply, flowReply } from './flow-reply.ts';

test("a completed flow carries its fields and the business's token", () => {
  const reply = flowReply('tok', [
    { name: ' day ', value: 'Monday' },
    { name: '', value: 'left out' },
    { name: 'flow_token', value: 'forged' },
  ]);
  expect([reply.name, JSON.parse(reply.response_json)]).toEqual([
    'flow',
    { day: 'Monday', flow_token: 'tok' },
  ]);
});

test('an address carries what was filled in, and which saved one it was', () => {
  const reply = addressReply({ name: 'Ana', city: ' ', state: 'MH' }, 'home');
  expect(reply.name).toBe('address_message');
  expect(reply.body).toBe('Ana\nMH');
  expect(JSON.parse(reply.response_json)).toEqual({
    saved_address_id: 'home',
    values: { name: 'Ana', state: 'MH' },
  });
  expect(JSON.parse(addressReply({ name: 'Ana' }).response_json)).toEqual({ values: { name: 'Ana' } });
});
