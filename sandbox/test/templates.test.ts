import { describe, expect, test } from 'vitest';
import { startTestNetwork, type TestNetwork } from './network.ts';

const PHONE = '+15557770001';

const body = (text: string, ...samples: string[]) => ({
  type: 'BODY',
  text,
  ...(samples.length > 0 && { example: { body_text: [samples] } }),
});
const order = (change: object = {}) => ({
  name: 'order_left',
  language: 'en_US',
  category: 'UTILITY',
  components: [body('Your order {{1}} left today.', '17')],
  ...change,
});

const create = ({ graph, sender }: TestNetwork, fields: object = order()) =>
  graph('POST', `${sender.waba_id}/message_templates`, fields);
const list = async ({ graph, sender }: TestNetwork, query = '') =>
  (await graph('GET', `${sender.waba_id}/message_templates${query}`)).body;
const put = ({ control }: TestNetwork, fields: object = order()) => control('POST', '/templates', fields);
const fill = (name: string, ...values: string[]) => ({
  type: 'template',
  template: {
    name,
    language: { code: 'en_US' },
    ...(values.length > 0 && {
      components: [{ type: 'body', parameters: values.map(text => ({ type: 'text', text })) }],
    }),
  },
});

describe('the life of a template', () => {
  test('a new one is reviewed, then approved, and its account is told', async () => {
    const network = await startTestNetwork({ settings: { review_ms: 30 } });
    const { receiver, sender, graph } = network;
    const { body: created, status } = await create(network);
    expect(status).toBe(200);
    expect(created).toEqual({
      id: expect.stringMatching(/^\d{15}$/),
      status: 'PENDING',
      category: 'UTILITY',
    });
    await receiver.until(() => receiver.posts.length === 1, 'the approval');
    expect(receiver.posts[0]?.body).toEqual({
      object: 'whatsapp_business_account',
      entry: [
        {
          id: sender.waba_id,
          time: expect.any(Number),
          changes: [
            {
              field: 'message_template_status_update',
              value: {
                event: 'APPROVED',
                message_template_id: Number(created.id),
                message_template_name: 'order_left',
                message_template_language: 'en-US',
                reason: 'NONE',
                message_template_category: 'UTILITY',
              },
            },
          ],
        },
      ],
    });
    expect((await graph('GET', created.id)).body).toEqual({
      id: created.id,
      name: 'order_left',
      parameter_format: 'POSITIONAL',
      components: [body('Your order {{1}} left today.', '17')],
      language: 'en_US',
      status: 'APPROVED',
      category: 'UTILITY',
    });
  });

  test('is sent once approved and shown with its values', async () => {
    const network = await startTestNetwork();
    await put(network);
    expect((await network.send(PHONE, fill('order_left', 'A-17'))).body.messages[0].message_status).toBe(
      'accepted',
    );
    expect((await network.chat(PHONE))[0]).toMatchObject({
      rendered: 'Your order A-17 left today.',
      rendered_template: { body: 'Your order A-17 left today.', buttons: [] },
    });
  });

  test('every account owns hello_world', async () => {
    const network = await startTestNetwork();
    const { data } = await list(network, '?fields=name,status,language');
    expect(data).toEqual([
      { name: 'hello_world', status: 'APPROVED', language: 'en_US', id: expect.any(String) },
    ]);
  });
});
