import { setTimeout as sleep } from 'node:timers/promises';
import type { Campaign } from './campaign.ts';
import type { Gateway } from './gateway.ts';
import { acceptedId, CONNECTIONS } from './load.ts';
import { Poster } from './post.ts';

/** When a message was sent to the gateway, and when that was answered; monotonic ms. */
export interface Paced {
  readonly sentAt: number;
  readonly acceptedAt: number;
}

/**
 * Sends messages at a steady rate, however late their answers are.
 *
 * @param perSecond undefined: all at once
 * @returns by message id
 */
export async function sendPaced(
  gateway: Pick<Gateway, 'url' | 'key'>,
  people: Campaign,
  messages: number,
  perSecond: number | undefined,
): Promise<Map<string, Paced>> {
  const poster = new Poster(gateway.url, CONNECTIONS);
  const headers = ['content-type', 'application/json', 'authorization', `Bearer ${gateway.key}`];
  const paced = new Map<string, Paced>();
  const began = performance.now();
  const answers: Promise<void>[] = [];
  for (let n = 0; n < messages; n++) {
    const early = perSecond === undefined ? 0 : began + (n * 1_000) / perSecond - performance.now();
    if (early > 0) await sleep(early);
    const sentAt = performance.now();
    answers.push(
      new Promise((resolve, reject) =>
        poster.post('/v2/messages/whatsapp', headers, people.next().body, answer => {
          if (answer.kind !== 'answered' || answer.status !== 200)
            return reject(new Error(`a message was not accepted: ${JSON.stringify(answer)}`));
          paced.set(acceptedId(answer.body), { sentAt, acceptedAt: performance.now() });
          resolve();
        }),
      ),
    );
  }
  await Promise.all(answers);
  await poster.close();
  return paced;
}
