import { describe, expect, test } from 'vitest';
import { startTestNetwork, type TestNetwork } from './network.ts';

const PHONE = '+15557770001';

const tell = ({ control, sender }: TestNetwork, body: object) =>
  control('POST', `/accounts/${sender.waba_id}/events`, body);

describe('news of an account', () => {
  test('a raised throughput is told and holds', async () => {
    const network = await startTestNetwork();
    const { receiver, sender, graph } = network;
    const value = { display_phone_number: '15550001000', event: 'THROUGHPUT_UPGRADE' };
    expect((await tell(network, { field: 'phone_number_quality_update', value })).status).toBe(202);
    await receiver.until(() => receiver.posts.length === 1, 'the webhook');
    expect(receiver.posts[0]?.body.entry[0]).toMatchObject({
      id: sender.waba_id,
      changes: [{ field: 'phone_number_quality_update', value }],
    });
    const { body } = await graph('GET', `${sender.phone_number_id}?fields=throughput`);
    expect(body.throughput).toEqual({ level: 'HIGH' });
  });

  test('a flagged number has a red quality until it is unflagged', async () => {
    const network = await startTestNetwork();
    const { sender, graph } = network;
    const read = async () =>
      (await graph('GET', `${sender.phone_number_id}?fields=quality_rating,status`)).body;
    for (const [event, quality_rating, status] of [
      ['FLAGGED', 'RED', 'FLAGGED'],
      ['UNFLAGGED', 'GREEN', 'CONNECTED'],
    ]) {
      await tell(network, {
        field: 'phone_number_quality_update',
        value: { display_phone_number: '15550001000', event },
      });
      expect(await read()).toMatchObject({ quality_rating, status });
    }
  });

  test('a messaging limit is that of all numbers of the account, until another one is told', async () => {
    const network = await startTestNetwork();
    const { control, graph, sender } = network;
    const field = 'whatsapp_business_manager_messaging_limit';
    const read = async (id: string) => (await graph('GET', `${id}?fields=${field}`)).body;
    expect(await read(sender.phone_number_id)).toEqual({
      id: sender.phone_number_id,
      [field]: 'TIER_UNLIMITED',
    });
    const second = await network.addSender({
      phone_number: '+15550002000',
      waba_id: sender.waba_id,
      messaging_limit: 'TIER_250',
    });
    for (const { phone_number_id: id } of [sender, second])
      expect(await read(id)).toEqual({ id, [field]: 'TIER_250' });
    const value = { max_daily_conversations_per_business: 'TIER_2K' };
    await tell(network, { field: 'business_capability_update', value });
    expect((await read(sender.phone_number_id))[field]).toBe('TIER_2K');
    const refused = await control('POST', '/senders', {
      phone_number: '+15550003000',
      messaging_limit: 'LOTS',
    });
    expect(refused.status).toBe(400);
  });

  test('a disabled account sends nothing until it is reinstated', async () => {
    const network = await startTestNetwork();
    const ban = (waba_ban_state: string) =>
      tell(network, {
        field: 'account_update',
        value: { event: 'DISABLED_UPDATE', ban_info: { waba_ban_state } },
      });
    await ban('DISABLE');
    expect((await network.send(PHONE)).body.error.code).toBe(368);
    await ban('REINSTATE');
    expect((await network.send(PHONE)).status).toBe(200);
  });

  test("an echo carries the number's metadata", async () => {
    const network = await startTestNetwork();
    const { receiver, sender } = network;
    const message_echoes = [{ from: '15550001000', to: PHONE.slice(1), id: 'wamid.E', type: 'text' }];
    await tell(network, {
      field: 'smb_message_echoes',
      phone_number: sender.phone_number,
      value: { message_echoes },
    });
    await receiver.until(() => receiver.posts.length === 1, 'the webhook');
    expect(receiver.posts[0]?.body.entry[0]?.changes[0]?.value).toMatchObject({
      metadata: { phone_number_id: sender.phone_number_id },
      message_echoes,
    });
  });

  test.each([
    ['a field that is none', { field: 'a b', value: {} }],
    ['no value', { field: 'account_update' }],
    ["another's number", { field: 'account_update', value: {}, phone_number: '+15550009999' }],
  ])('%s is refused', async (_, body) => {
    expect((await tell(await startTestNetwork(), body)).status).toBe(400);
  });
});
