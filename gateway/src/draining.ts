import type { FastifyInstance } from 'fastify';
import type { Keeping } from './keeping.ts';
import type { Receiving } from './receiving.ts';
import type { Deliver } from './reports/deliver.ts';
import type { EventFeed } from './reports/event-feed.ts';
import type { Sending } from './sending.ts';
import type { Jobs } from './store/jobs.ts';
import type { Upkeep } from './upkeep.ts';

/** What a clean stop waits for. */
export interface Draining {
  readonly app: FastifyInstance;
  readonly sending: Sending;
  readonly receiving: Receiving;
  readonly keeping: Pick<Keeping, 'aliases'>;
  readonly deliver: Deliver;
  readonly feed: Pick<EventFeed, 'idle'>;
  readonly jobs: Jobs;
  readonly upkeeps: readonly Upkeep[];
}

/** Takes nothing more, finishes what is under way, and lets go of what only this node may do. */
export async function drain(parts: Draining, say: (line: string) => void): Promise<void> {
  const { app, receiving, keeping, deliver, feed, jobs, upkeeps } = parts;
  const { accept, direct, dispatch, settle, repeats } = parts.sending;
  const waiting = setInterval(() => {
    say(
      `still waiting: ${counted(dispatch.inFlight, 'send')}, ${counted(deliver.inFlight, 'report')} under way`,
    );
  }, 1_000);
  try {
    // Requests that wait for WhatsApp would outlast everything else.
    direct.drain();
    // Fastify waits for the requests under way and closes idle connections.
    await Promise.all([app.close(), dispatch.stop(), jobs.stop()]);
    await Promise.all(upkeeps.map(job => job.stop()));
    await Promise.all([
      accept.idle(),
      settle.idle(),
      receiving.idle(),
      deliver.stop(),
      feed.idle(),
      keeping.aliases.idle(),
    ]);
    await direct.stop();
    await dispatch.release();
    await repeats.leave();
  } finally {
    clearInterval(waiting);
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
