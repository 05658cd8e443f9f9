import { setTimeout as sleep } from 'node:timers/promises';
import { postmasterOf } from './database.ts';
import type { Gateway } from './gateway.ts';

export const VICTIMS = ['gateway', 'database'] as const;
export type Victim = (typeof VICTIMS)[number];

/** One kill: when so many messages were accepted. */
export interface Kill {
  readonly victim: Victim;
  readonly afterAccepted: number;
  /** How long a killed gateway stays away, ms. */
  readonly awayMs: number;
}

const AWAY_MAX_MS = 500;

/** Spreads kills over a run, each at a random moment of its part; every kind of victim comes up. */
export function planKills(
  messages: number,
  count: number,
  victims: readonly Victim[],
  random: () => number,
): Kill[] {
  const offset = Math.floor(random() * victims.length);
  return Array.from({ length: count }, (_, index) => ({
    victim: victims[(index + offset) % victims.length]!,
    afterAccepted: Math.max(1, Math.floor(((index + random()) * messages) / count)),
    awayMs: Math.floor(random() * AWAY_MAX_MS),
  }));
}

/** kill -9 of the gateway, which is then started again on the same data, or of PostgreSQL, which the gateway starts again. */
export async function carryOut(kill: Kill, gateway: Gateway): Promise<void> {
  switch (kill.victim) {
    case 'gateway':
      await gateway.kill();
      await sleep(kill.awayMs);
      return gateway.start();
    case 'database': {
      const pid = await postmasterOf(gateway.dataDir);
      // It is on its way up from the kill before.
      if (pid === undefined) throw new Error('there is no database to kill');
      process.kill(pid, 'SIGKILL');
    }
  }
}
