import { constants } from 'node:os';

/** What a run started and made, undone on Ctrl-C too: no process and no folder is left behind. */
export function undoneOnSignal(): AsyncDisposableStack {
  const stack = new AsyncDisposableStack();
  let ending = false;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (ending) return;
      ending = true;
      process.stderr.write('\nStopping what was started.\n');
      const end = (): never => process.exit(128 + constants.signals[signal]);
      stack.disposeAsync().then(end, end);
    });
  }
  return stack;
}
