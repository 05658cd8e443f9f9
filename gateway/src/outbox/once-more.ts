/**
 * A job that runs alone: whoever asks for it meanwhile has it run once more after that, and waits for that run.
 *
 * @returns asks for it
 */
export function onceMore(job: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let again = false;
  const run = (): Promise<void> => {
    if (running !== undefined) again = true;
    running ??= job().finally(() => {
      running = undefined;
      if (!again) return;
      again = false;
      return run();
    });
    return running;
  };
  return run;
}
