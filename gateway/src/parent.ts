import type { EventEmitter } from 'node:events';

/** The part of `process` that knows about a parent: an IPC channel, when the launcher started this process. */
export interface ParentLink extends Pick<EventEmitter, 'once'> {
  /** undefined: never had a channel; false: had one, and the parent is gone. */
  readonly connected?: boolean | undefined;
  readonly channel?: { unref(): void } | null | undefined;
}

/**
 * Calls back once when the launcher that started this process has died, even by kill -9: its end of the IPC channel
 * closes then. Does nothing in a process without a channel, and never keeps a process alive by itself, so that a
 * short command ends when its work does.
 */
export function onParentGone(callback: () => void, link: ParentLink = process as ParentLink): void {
  if (link.connected === undefined) return;
  if (!link.connected) {
    // The launcher died while this process was loading; the event has come and gone.
    queueMicrotask(callback);
    return;
  }
  link.once('disconnect', callback);
  // After the listener, not before: Node holds the process open from the first listener on.
  link.channel?.unref();
}
