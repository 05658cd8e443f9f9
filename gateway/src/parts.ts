import type { Logger } from 'pino';
import type { Directory } from './accounts/directory.ts';
import type { Config } from './config.ts';
import type { Metrics } from './metrics.ts';
import type { Clock } from './store/clock.ts';
import type { Store } from './store/store.ts';

/** What every part of the composition stands on. */
export interface Parts {
  readonly config: Config;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly store: Store;
  readonly clock: Clock;
  readonly startedAt: Date;
  readonly directory: Directory;
  /** @param doing what failed, as in `could not …` */
  readonly onError: (error: unknown, doing: string) => void;
}
