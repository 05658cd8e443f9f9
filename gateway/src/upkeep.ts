/** A job that runs again and again, never beside itself, until it is stopped. */
export interface Upkeep {
  readonly stop: () => Promise<void>;
}

/**
 * @param everyMs pause between the end of one run and the start of the next
 * @param onError a run that throws is followed by the next all the same
 */
export function upkeep(
  everyMs: number,
  job: () => Promise<unknown>,
  onError: (error: unknown) => void,
): Upkeep {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  const run = async (): Promise<void> => {
    try {
      await job();
    } catch (error) {
      onError(error);
    }
    if (!stopped) schedule();
  };
  const schedule = (): void => {
    timer = setTimeout(() => {
      running = run();
    }, everyMs);
  };
  schedule();
  return {
    stop: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}
