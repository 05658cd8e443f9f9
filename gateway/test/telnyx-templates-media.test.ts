import type Telnyx from 'telnyx';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { call, type Running, startRunning } from './running.ts';
import { all, clientOf, refused } from './telnyx-client.ts';

/** Templates and media through the official package. */
let running: Running;
let client: Telnyx;
let asked: string[];
let waba: string;

beforeAll(async () => {
  running = await startRunning();
  ({ telnyx: client, asked } = clientOf(running));
  waba = (await all(client.whatsapp.businessAccounts.list()))[0]?.id ?? '';
});
afterAll(async () => {
  await running?.stop();
});

const body = { type: 'BODY', text: 'Your order has left the house today.' } as const;
const wanted = (name: string) => ({
  waba_id: waba,
  name,
  category: 'UTILITY' as const,
  language: 'en_US',
  components: [body],
});

describe('templates', () => {
  test('are made pending, read under both paths, changed and deleted, and are gone then', async () => {
    const { data: made } = await client.whatsapp.templates.create(wanted('order_left'));
    expect(made).toMatchObject({
      record_type: 'whatsapp_message_template',
      name: 'order_left',
      language: 'en_US',
      category: 'UTILITY',
      whatsapp_business_account: { id: waba },
      components: [{ type: 'BODY', text: body.text }],
    });
    expect(made?.status).toMatch(/^(PENDING|APPROVED)$/);
    const id = made?.id ?? '';
    expect((await client.whatsappMessageTemplates.retrieve(id)).data).toMatchObject({
      id,
      name: 'order_left',
    });
    for (const path of ['/v2/whatsapp', '/v2/v2/whatsapp']) {
      const got = await call<{ data: { id: string } }>(
        'GET',
        `${running.url}${path}/message_templates/${id}`,
        undefined,
        { authorization: `Bearer ${running.key}` },
      );
      expect(got).toMatchObject({ status: 200, body: { data: { id } } });
    }
    await approve(made?.template_id ?? '');
    await expect
      .poll(async () => (await client.whatsappMessageTemplates.retrieve(id)).data?.status)
      .toBe('APPROVED');
    const components = [{ type: 'BODY' as const, text: 'Your order has left the house this morning.' }];
    const { data: changed } = await client.whatsappMessageTemplates.update(id, { components });
    expect(changed).toMatchObject({ id, components });
    // The client resolves an answer without content to nothing.
    expect(await client.whatsappMessageTemplates.delete(id)).toBeNull();
    expect(await refused(client.whatsappMessageTemplates.retrieve(id))).toBe('404 10005 -');
    expect(await refused(client.whatsappMessageTemplates.update(id, { components }))).toBe('404 10005 -');
    expect(await refused(client.whatsappMessageTemplates.delete(id))).toBe('404 10005 -');
  });

  test('are listed page by page by name, status, category and account, and a list ends', async () => {
    for (const name of ['listed_one', 'listed_two']) await client.whatsapp.templates.create(wanted(name));
    asked.length = 0;
    const found = await all(
      client.whatsapp.templates.list({ 'filter[search]': 'listed_', 'page[size]': 1 } as never),
    );
    expect(found.map(template => template.name).sort()).toEqual(['listed_one', 'listed_two']);
    expect(asked).toEqual([
      'GET /v2/v2/whatsapp/message_templates?filter[search]=listed_&page[size]=1',
      'GET /v2/v2/whatsapp/message_templates?filter[search]=listed_&page[size]=1&page[number]=2',
    ]);
    const by = (query: Record<string, string>) =>
      all(client.whatsapp.templates.list({ 'filter[search]': 'listed_', ...query } as never));
    expect(await by({ 'filter[category]': 'MARKETING' })).toEqual([]);
    expect(await by({ 'filter[status]': 'DISABLED' })).toEqual([]);
    expect(await by({ 'filter[waba_id]': '1' })).toEqual([]);
    expect(await by({ 'filter[waba_id]': waba, 'filter[category]': 'UTILITY' })).toHaveLength(2);
  });

  test.each<[string, object, string]>([
    ['no account', { waba_id: undefined }, '422 10004 /waba_id'],
    ['an account of others', { waba_id: '1' }, '404 10005 /waba_id'],
    ['a name in capitals', { name: 'Order' }, '422 10015 /name'],
    ['a category that is none', { category: 'SPAM' }, '422 10032 /category'],
    ['no components', { components: [] }, '422 10015 /components'],
    ['a body without text', { components: [{ type: 'BODY' }] }, '422 10004 /components/0/text'],
    ['a NUL', { components: [{ type: 'BODY', text: 'a\0' }] }, '422 10015 /components/0/text'],
  ])('with %s are refused', async (_name, more, expected) => {
    const made = client.whatsapp.templates.create({ ...wanted('refused'), ...more } as never);
    expect(await refused(made)).toBe(expected);
  });

  test('that Meta refuses are refused under 40008 in Meta’s words', async () => {
    await client.whatsapp.templates.create(wanted('twice'));
    expect(await refused(client.whatsapp.templates.create(wanted('twice')))).toMatch(/^400 40008 /);
  });

  test('a change of nothing is refused', async () => {
    const { data } = await client.whatsapp.templates.create(wanted('unchanged'));
    expect(await refused(client.whatsappMessageTemplates.update(data?.id ?? '', {}))).toBe(
      '422 10004 /components',
    );
  });

  async function approve(metaId: string): Promise<void> {
    const answer = await call('POST', `${running.sandboxUrl}/sandbox/templates/${metaId}`, {
      status: 'APPROVED',
    });
    expect(answer.status).toBe(200);
  }
});

/** The smallest PNG. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const file = (name = 'dot.png') => new File([PNG], name, { type: 'image/png' });

describe('media', () => {
  test('are uploaded as a file, read, downloaded byte for byte, listed and deleted', async () => {
    const upload = { media: file(), media_name: 'dot', ttl_secs: 3_600 };
    const { data: made } = await client.media.upload(upload as never);
    expect(made).toMatchObject({ media_name: 'dot', content_type: 'image/png' });
    const life = Date.parse(made?.expires_at ?? '') - Date.parse(made?.created_at ?? '');
    expect(life).toBe(3_600_000);
    expect((await client.media.retrieve('dot')).data).toEqual(made);
    const download = await client.media.download('dot');
    expect(download.headers.get('content-type')).toBe('image/png');
    expect(Buffer.from(await download.arrayBuffer()).equals(PNG)).toBe(true);
    expect((await client.media.list({ filter: { content_type: ['image/png'] } })).data).toContainEqual(made);
    expect((await client.media.list({ filter: { content_type: ['audio/mpeg'] } })).data).toEqual([]);
    expect(await client.media.delete('dot')).toBeNull();
    expect(await refused(client.media.retrieve('dot'))).toBe('404 10005 -');
    expect(await refused(client.media.delete('dot'))).toBe('404 10005 -');
  });

  test('keep their name when another file or another time is put in', async () => {
    await client.media.upload({ media: file(), media_name: 'put' } as never);
    const { data: longer } = await client.media.update('put', { ttl_secs: 630_720_000 });
    expect(longer).toMatchObject({ media_name: 'put', content_type: 'image/png' });
    const text = new File(['hello'], 'a.txt', { type: 'text/plain' });
    const { data: other } = await client.media.update('put', { media: text } as never);
    expect(other).toMatchObject({ media_name: 'put', content_type: 'text/plain' });
    expect(await (await client.media.download('put')).text()).toBe('hello');
  });

  test('live two days when nobody says how long', async () => {
    const { data } = await client.media.upload({ media: file() } as never);
    expect(Date.parse(data?.expires_at ?? '') - Date.parse(data?.created_at ?? '')).toBe(2 * 86_400_000);
  });

  test('with a name that is taken are refused', async () => {
    await client.media.upload({ media: file(), media_name: 'taken' } as never);
    const again = client.media.upload({ media: file(), media_name: 'taken' } as never);
    expect(await refused(again)).toBe('422 10015 /media_name');
  });

  test.each<[string, object, string]>([
    ['nothing', {}, '422 10004 /media_url'],
    ['a URL into the private network', { media_url: 'http://10.0.0.1/a.png' }, '422 10003 /media_url'],
    ['a URL that is none', { media_url: 'dot' }, '422 10003 /media_url'],
    ['no time', { media_url: 'https://x.example/a', ttl_secs: 0 }, '422 10033 /ttl_secs'],
    ['too much time', { media_url: 'https://x.example/a', ttl_secs: 630_720_001 }, '422 10033 /ttl_secs'],
    ['an empty name', { media_url: 'https://x.example/a', media_name: '' }, '422 10025 /media_name'],
  ])('with %s are refused', async (_name, upload, expected) => {
    expect(await refused(client.media.upload(upload as never))).toBe(expected);
  });

  test('a file past Telnyx’s limit and a broken form are refused', async () => {
    const large = new File([Buffer.alloc(20_000_001)], 'large.bin', { type: 'application/pdf' });
    expect(await refused(client.media.upload({ media: large } as never))).toBe('413 10015 /media');
    const broken = await fetch(`${running.url}/v2/media`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${running.key}`,
        'content-type': 'multipart/form-data; boundary=b',
      },
      body: '--b\r\ncontent-disposition: form-data; name="media"; filename="a"\r\n\r\nno end',
    });
    expect(broken.status).toBe(422);
  });

  test('a form where JSON belongs is refused', async () => {
    const form = new FormData();
    form.set('name', 'x');
    const answer = await fetch(`${running.url}/v2/messaging_profiles`, {
      method: 'POST',
      headers: { authorization: `Bearer ${running.key}` },
      body: form,
    });
    expect(answer.status).toBe(415);
  });
});
