import { describe, expect, test } from 'vitest';
import { startTestNetwork } from './network.ts';

const PHONE = '+15557770001';

describe('rates', () => {
  test('a number sends its throughput in a second and is refused with 130429 above it, until time has passed', async () => {
    const { addSender, send, control, ledger } = await startTestNetwork();
    const slow = await addSender({ phone_number: '+15550002000', throughput: 20 });
    const burst = (from = slow) =>
      Promise.all(Array.from({ length: 100 }, (_, i) => send(`+1666${1_000_000 + i}`, undefined, from)));
    const answers = await burst();
    const accepted = answers.filter(({ status }) => status === 200).length;
    // The burst itself takes a moment, in which a little comes back.
    expect(accepted).toBeGreaterThanOrEqual(20);
    expect(accepted).toBeLessThan(100);
    const refused = answers.find(({ status }) => status !== 200);
    expect([refused?.status, refused?.body.error.code]).toEqual([400, 130429]);
    expect(
      (await ledger()).data.filter(({ outcome }: { outcome: string }) => outcome === 'refused:130429'),
    ).toHaveLength(100 - accepted);
    await control('POST', '/clock', { advance_ms: 1000 });
    expect((await burst()).filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(20);
  });

  test('what people write counts too', async () => {
    const { addSender, send, control } = await startTestNetwork();
    const slow = await addSender({ phone_number: '+15550002000', throughput: 2 });
    for (let i = 0; i < 2; i++) {
      await control('POST', `/phones/${encodeURIComponent(PHONE)}/messages`, {
        text: 'hi',
        sender: slow.phone_number,
      });
    }
    expect((await send(PHONE, undefined, slow)).body.error.code).toBe(130429);
  });

  test('a pair has 45 at once and then one per 6 s, and is refused with 131056; other pairs are free', async () => {
    const { send, control } = await startTestNetwork();
    const statuses: number[] = [];
    for (let i = 0; i < 46; i++) statuses.push((await send(PHONE)).status);
    expect(statuses).toEqual([...Array(45).fill(200), 400]);
    expect((await send(PHONE)).body.error.code).toBe(131056);
    expect((await send('+15557770002')).status).toBe(200);
    await control('POST', '/clock', { advance_ms: 6000 });
    expect((await send(PHONE)).status).toBe(200);
    expect((await send(PHONE)).status).toBe(400);
  });

  test('both can be turned off', async () => {
    const { addSender, send } = await startTestNetwork({
      settings: { number_rates: false, pair_rates: false },
    });
    const slow = await addSender({ phone_number: '+15550002000', throughput: 1 });
    for (let i = 0; i < 50; i++) expect((await send(PHONE, undefined, slow)).status).toBe(200);
  });
});
