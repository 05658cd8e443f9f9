import { expect, onTestFinished, test } from 'vitest';
import { call, startRunning } from '../gateway/test/running.ts';

interface Delivery {
  dialect: string;
  type: string;
  event_id: string;
  attempt: number;
  seen_before: number;
  signature: { verdict: string; sentence: string };
  answer: { status: number };
}

test("a started gateway's reports reach the sandbox's receiver, where their signatures are valid from the start", async () => {
  const { url, sandboxUrl, key, sender, stop } = await startRunning();
  onTestFinished(stop);
  const controls = `${sandboxUrl}/sandbox/receivers/orders`;
  // The first attempt is refused: what comes again is the same event, signed afresh.
  await call('PATCH', controls, { behaviour: { kind: 'status', status: 500, times: 1 } });
  const sent = await call(
    'POST',
    `${url}/v2/messages/whatsapp`,
    {
      from: sender,
      to: '+15557654321',
      webhook_url: `${sandboxUrl}/receiver/orders`,
      whatsapp_message: {
        type: 'template',
        template: { name: 'hello_world', language: { code: 'en_US' } },
      },
    },
    { authorization: `Bearer ${key}` },
  );
  expect(sent.status).toBe(200);
  const deliveries = async () =>
    (await call<{ data: Delivery[] }>('GET', `${controls}/deliveries?brief=true`)).body.data.reverse();
  await expect.poll(async () => (await deliveries()).length).toBe(4);
  const came = await deliveries();
  for (const { dialect, signature } of came)
    expect([dialect, signature.sentence]).toEqual(['telnyx', 'valid']);
  expect([...new Set(came.map(({ type }) => type))].sort()).toEqual([
    'message.finalized',
    'message.read',
    'message.sent',
  ]);
  const [refused] = came;
  const again = came.find(({ seen_before }) => seen_before === 1);
  expect([refused?.attempt, refused?.answer.status]).toEqual([1, 500]);
  expect([again?.event_id, again?.attempt, again?.answer.status]).toEqual([refused?.event_id, 2, 200]);
});
