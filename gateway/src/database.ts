import type { Config } from './config.ts';
import { makeDataDirectory } from './store/data-directory.ts';
import { type DataLock, lockDataDirectory } from './store/data-lock.ts';
import { connectOrStart, startEmbedded } from './store/embedded.ts';

/** A database to work on, embedded or given. */
export interface Database {
  readonly url: string;
  /** True when nobody else can work on it: the embedded one, under the lock of its data directory. */
  readonly alone: boolean;
  /** Where it is, for a person to read. */
  readonly place: string;
  readonly stop: () => Promise<void>;
}

/**
 * The database of `serve`, alone on its data directory.
 *
 * @throws Error with a sentence for the operator
 */
export async function openDatabase(config: Config, log: (line: string) => void): Promise<Database> {
  await makeDataDirectory(config.dataDir);
  const lock = await lockDataDirectory(config.dataDir);
  if (config.databaseUrl !== undefined) return given(config.databaseUrl, lock);
  try {
    const embedded = await startEmbedded({ dataDir: config.dataDir, log });
    return {
      url: embedded.url,
      alone: true,
      place: embedded.place,
      stop: async () => {
        await embedded.stop();
        await lock.release();
      },
    };
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** The database for any other command: the one that runs there, or started for the command's own time. */
export async function visitDatabase(config: Config, log: (line: string) => void): Promise<Database> {
  if (config.databaseUrl !== undefined) return given(config.databaseUrl, undefined);
  await makeDataDirectory(config.dataDir);
  const { url, stop } = await connectOrStart({ dataDir: config.dataDir, log });
  return { url, alone: false, place: config.dataDir, stop };
}

function given(url: string, lock: DataLock | undefined): Database {
  const shown = new URL(url);
  return {
    url,
    alone: false,
    place: `${shown.host}${shown.pathname}`,
    stop: async () => lock?.release(),
  };
}
