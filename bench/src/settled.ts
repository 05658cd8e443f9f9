import { setTimeout as sleep } from 'node:timers/promises';
import { call } from './call.ts';

/**
 * A message in one of these may still be sent, or sent again. They are asked about one after the other, and a message
 * moves on meanwhile: from `unconfirmed` to `queued` all that wait for one deadline move at once, so that comes first.
 */
const OPEN = ['unconfirmed', 'queued', 'sending'];

/** A message that slipped through one look is found by the next. */
const QUIET_LOOKS = 3;

/** Where a gateway is asked. */
interface Asked {
  readonly url: string;
  readonly key: string;
}

/**
 * Waits until nothing will be sent any more.
 *
 * @returns false when that is not so after `patienceMs`
 */
export async function untilSettled(gateway: Asked, patienceMs: number): Promise<boolean> {
  const deadline = performance.now() + patienceMs;
  let quiet = 0;
  while (quiet < QUIET_LOOKS) {
    quiet = (await somethingOpen(gateway)) ? 0 : quiet + 1;
    if (performance.now() > deadline) return false;
    await sleep(250);
  }
  return true;
}

async function somethingOpen(gateway: Asked): Promise<boolean> {
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
