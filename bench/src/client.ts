import type { Campaign } from './campaign.ts';
import { acceptedId } from './load.ts';
import { Poster } from './post.ts';

/** What a client that never repeats a request knows after a run with kills. */
export interface Known {
  /** Message id → recipient, of every 2xx. */
  readonly accepted: Map<string, string>;
  /** Recipients whose request was cut, or answered 5xx: they may have got a message or not. */
  readonly inDoubt: Set<string>;
  /** Requests that reached nobody: connection refused. */
  refused: number;
}

const TICK_MS = 5;

/** More under way than this would only wait in the gateway. */
const UNDER_WAY_MAX = 256;

/** A gateway that is away is asked again after this. */
const AWAY_MS = 50;

/**
 * Sends new messages at a steady pace until `messages` of them were answered 2xx, whatever happens to the gateway.
 *
 * @param perSecond the pace
 * @param onAccepted is told how many were accepted so far
 * @throws Error on an answer that a gateway must not give, such as 4xx
 */
export async function sendThrough(
  url: string,
  key: string,
  campaign: Campaign,
  plan: { messages: number; perSecond: number; onAccepted: (count: number) => void },
): Promise<Known> {
  const poster = new Poster(url, UNDER_WAY_MAX);
  const headers = ['content-type', 'application/json', 'authorization', `Bearer ${key}`];
  const known: Known = { accepted: new Map(), inDoubt: new Set(), refused: 0 };
  let underWay = 0;
  let due = 0;
  let awayUntil = 0;
  let tickedAt = performance.now();
  let timer: NodeJS.Timeout | undefined;

  try {
    await new Promise<void>((resolve, reject) => {
      const send = (): void => {
        const { to, body } = campaign.next();
        underWay++;
        poster.post('/v2/messages/whatsapp', headers, body, answer => {
          underWay--;
          if (answer.kind === 'failed') {
            awayUntil = performance.now() + AWAY_MS;
            if (answer.code === 'ECONNREFUSED') known.refused++;
            else known.inDoubt.add(to);
          } else if (answer.status >= 500) known.inDoubt.add(to);
          else if (answer.status > 299)
            reject(new Error(`a send was answered ${answer.status}: ${answer.body}`));
          else {
            known.accepted.set(acceptedId(answer.body), to);
            plan.onAccepted(known.accepted.size);
          }
          if (known.accepted.size >= plan.messages && underWay === 0) resolve();
        });
      };
      timer = setInterval(() => {
        const now = performance.now();
        // What could not be sent while the gateway was away is not made up for in a burst.
        due = Math.min(due + ((now - tickedAt) * plan.perSecond) / 1000, plan.perSecond / 10);
        tickedAt = now;
        if (now < awayUntil) return;
        while (due >= 1 && underWay < UNDER_WAY_MAX && known.accepted.size + underWay < plan.messages) {
          due--;
          send();
        }
      }, TICK_MS);
    });
  } finally {
    clearInterval(timer);
    await poster.close();
  }
  return known;
}
