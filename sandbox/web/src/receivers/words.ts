import type { Answer, Behaviour, Delivery } from './receiver.ts';

const DIALECTS: Record<string, string> = {
  telnyx: 'Telnyx',
  ycloud: 'YCloud',
  standard_webhooks: 'Standard Webhooks',
  elevenlabs: 'ElevenLabs',
  infobip: 'Infobip',
};

export function dialectName({ dialect }: Delivery): string | undefined {
  return dialect === null ? undefined : (DIALECTS[dialect] ?? dialect);
}

/** What a list calls it: the event, or the request where no event is known in it. */
export function titleOf({ type, method }: Delivery): string {
  return type ?? `${method} without an event`;
}

/** In the width of a badge. */
export function shortAnswer({ state, status }: Answer): string {
  if (state === 'waiting') return 'waiting';
  if (state === 'closed') return 'dropped';
  if (state === 'left') return 'gave up';
  return String(status);
}

export function isGood({ state, status }: Answer): boolean {
  return state === 'given' && status !== null && status >= 200 && status < 300;
}

/** Shorter than this is what the machine takes, not what the receiver was told to do. */
const AT_ONCE_MS = 20;

/** What was answered, as a sentence. */
export function answerWords({ state, status, retry_after, location, ms }: Answer): string {
  const after = ms === null ? '' : ms < AT_ONCE_MS ? ' at once' : ` after ${timeWords(ms)}`;
  switch (state) {
    case 'waiting':
      return 'Not answered yet: the sender waits.';
    case 'closed':
      return 'Not answered: the connection was dropped.';
    case 'left':
      return `Not answered: the sender hung up${after}.`;
    case 'given': {
      const more = location ? `, to ${location}` : retry_after ? `, Retry-After: ${retry_after}` : '';
      return `Answered ${status}${after}${more}.`;
    }
  }
}

/** How the next requests are met: `Answers 500, 2 times more`. */
export function behaviourWords(behaviour: Behaviour): string {
  return `${how(behaviour)}${which(behaviour)}`;
}

function how(behaviour: Behaviour): string {
  switch (behaviour.kind) {
    case 'ok':
      return 'Answers 200';
    case 'status':
      return behaviour.retry_after === undefined
        ? `Answers ${behaviour.status}`
        : `Answers ${behaviour.status}, Retry-After: ${behaviour.retry_after}`;
    case 'slow':
      return `Answers 200 after ${timeWords(behaviour.ms)}`;
    case 'hang':
      return 'Never answers';
    case 'redirect':
      return `Redirects to ${behaviour.to ?? 'itself'}`;
    case 'close':
      return 'Drops the connection';
  }
}

function which({ kind, times, share }: Behaviour): string {
  if (kind === 'ok') return '';
  const part = share === 1 ? '' : `, ${percentOf(share)} % of the requests`;
  const count = times === null ? '' : times === 1 ? ', once more' : `, ${times} times more`;
  return part + count;
}

/** 0.25 as 25. */
export function percentOf(share: number): number {
  return Math.round(share * 10_000) / 100;
}

function timeWords(ms: number): string {
  return ms < 1000 ? `${ms} ms` : `${Math.round(ms / 100) / 10} s`;
}

export function sizeWords(bytes: number): string {
  if (bytes < 1024) return bytes === 1 ? '1 byte' : `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} kB` : `${(bytes / (1024 * 1024)).toFixed(1)} MB`;
}
