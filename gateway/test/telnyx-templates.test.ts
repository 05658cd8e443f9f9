import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type Running, startRunning } from './running.ts';
import { all, type Client, clientOf, refused } from './telnyx-client.ts';

/** What is refused and what goes out while the window is closed (telnyx §14, rows 8, 10, 11), by the official package. */
let running: Running;
let client: Client;
let waba: string;

beforeAll(async () => {
  running = await startRunning();
  client = clientOf(running);
  waba = (await all(client.telnyx.whatsapp.businessAccounts.list()))[0]?.id ?? '';
});
afterAll(async () => {
  await running?.stop();
});

/** Nobody with this number ever writes. */
const TO = '+15557660909';

const send = (whatsapp_message: object) =>
  client.telnyx.messages.whatsapp({ from: running.sender, to: TO, whatsapp_message } as never);

const body = [{ type: 'body', parameters: ['Ana', '17'].map(text => ({ type: 'text', text })) }];

/** A template with two parameters in its body, decided upon; its id by the package and Meta's. */
async function template(name: string, status: string): Promise<{ id: string; metaId: string }> {
  const { data } = await client.telnyx.whatsapp.templates.create({
    waba_id: waba,
    name,
    category: 'UTILITY',
    language: 'en_US',
    components: [
      {
        type: 'BODY',
        text: 'Hello {{1}}, your order {{2}} has left.',
        example: { body_text: [['Ana', '17']] },
      },
    ],
  } as never);
  const { id = '', template_id: metaId = '' } = data ?? {};
  if (status !== 'PENDING') {
    await call('POST', `${running.sandboxUrl}/sandbox/templates/${metaId}`, { status });
    await expect
      .poll(async () => (await client.telnyx.whatsappMessageTemplates.retrieve(id)).data?.status, {
        timeout: 20_000,
      })
      .toBe(status);
  }
  return { id, metaId };
}

describe('an approved template reaches somebody who never wrote', () => {
  test('by name and language, by the id from the list, and by Meta’s id', async () => {
    const { metaId } = await template('order_left', 'APPROVED');
    const listed = await all(
      client.telnyx.whatsapp.templates.list({
        'filter[search]': 'order_left',
        'filter[status]': 'APPROVED',
      } as never),
    );
    const id = listed[0]?.id;
    for (const how of [
      { name: 'order_left', language: { code: 'en_US' } },
      { template_id: id },
      { template_id: metaId },
    ]) {
      const { data } = await send({ type: 'template', template: { ...how, components: body } });
      expect(data?.to).toMatchObject([{ phone_number: TO, status: 'queued' }]);
      await expect
        .poll(async () => (await client.telnyx.messages.retrieve(data?.id ?? '')).data?.to, {
          timeout: 20_000,
        })
        .toMatchObject([{ status: expect.stringMatching(/^(sent|delivered|read)$/) }]);
    }
  });
});

test.each(['PENDING', 'REJECTED', 'PAUSED', 'DISABLED'])(
  'a template that is %s is refused with 40008',
  async status => {
    const name = `is_${status.toLowerCase()}`;
    if (status === 'PENDING')
      await call('PATCH', `${running.sandboxUrl}/sandbox/settings`, { review_ms: 600_000 });
    if (status === 'PAUSED' || status === 'DISABLED') {
      const { metaId, id } = await template(name, 'APPROVED');
      await call('POST', `${running.sandboxUrl}/sandbox/templates/${metaId}`, { status });
      await expect
        .poll(async () => (await client.telnyx.whatsappMessageTemplates.retrieve(id)).data?.status, {
          timeout: 20_000,
        })
        .toBe(status);
    } else await template(name, status);
    const sending = send({
      type: 'template',
      template: { name, language: { code: 'en_US' }, components: body },
    });
    expect(await refused(sending)).toMatch(/^400 40008 /);
  },
);

test('free-form to somebody who never wrote is refused with 131047, once the number was heard for a day', async () => {
  const text = { type: 'text', text: { body: 'hi' } };
  // As long as nothing is known, WhatsApp decides.
  expect((await send(text)).data?.id).toBeDefined();
  const database = new pg.Client({ connectionString: running.databaseUrl });
  await database.connect();
  await database.query(`
    insert into sender_webhooks (sender_id, first_at, last_at)
    select id, now() - interval '25 hours', now() from senders
    on conflict (sender_id) do update set first_at = excluded.first_at, last_at = excluded.last_at`);
  await database.end();
  // Read with the next heartbeat.
  await expect
    .poll(
      () =>
        send(text).then(
          () => 'taken',
          (error: { status: number; error: { errors: { code: string; meta: Record<string, string> }[] } }) =>
            `${error.status} ${error.error.errors[0]?.code} ${error.error.errors[0]?.meta.whatsapp_error_code}`,
        ),
      { timeout: 25_000, interval: 500 },
    )
    .toBe('400 41000 131047');
});
