import { setTimeout as sleep } from 'node:timers/promises';
import { call } from './call.ts';
import type { Gateway } from './gateway.ts';

/** A message in one of these may still be sent, or sent again. */
const OPEN = ['queued', 'sending', 'unconfirmed'];

/**
 * Waits until nothing will be sent any more.
 *
 * @returns false when that is not so after `patienceMs`
 */
export async function untilSettled(gateway: Gateway, patienceMs: number): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  while (await somethingOpen(gateway)) {
    if (performance.now() > deadline) return false;
    await sleep(250);
  }
  return true;
}

async function somethingOpen(gateway: Gateway): Promise<boolean> {
  for (const status of OPEN) {
    try {
      const { data } = await call<{ data: unknown[] }>(
        'GET',
        `${gateway.url}/api/messages?status=${status}&limit=1`,
        {
          key: gateway.key,
        },
      );
      if (data.length > 0) return true;
    } catch {
      // The database is on its way up again.
      return true;
    }
  }
  return false;
}
