/** What can be changed while the sandbox runs; this is also its form on the wire. */
export interface Settings {
  /** false: `read` is left to the person at the page */
  auto_read: boolean;
  /** ms from accepting to each status of an ordinary phone */
  sent_ms: number;
  delivered_ms: number;
  read_ms: number;
  /** each of the times varies by this part, up and down */
  jitter: number;
  /** how much later the statuses of a late phone come */
  late_ms: number;
  /** up to this many statuses, collected for at most 20 ms, go in one webhook */
  status_batch: number;
  /** the number's messages per second (130429) */
  number_rates: boolean;
  /** 45 at once, then one per 6 s, between one number and one person (131056) */
  pair_rates: boolean;
  /** the first gap before an unanswered webhook is sent again; each next one is twice as long */
  retry_first_ms: number;
  /** from submitting a template to the end of its review */
  review_ms: number;
  /** free-form messages to who has not written for 24 hours: failed by webhook, refused at once (131047), or let through */
  window: 'async' | 'sync' | 'off';
  /** links in messages are fetched and looked at (131053); otherwise only those under `.invalid` fail */
  fetch_links: boolean;
  /** the app's webhook version: since v24.0 statuses have no `conversation` */
  webhook_version: string;
}

export const DEFAULT_SETTINGS: Settings = {
  auto_read: true,
  sent_ms: 150,
  delivered_ms: 400,
  read_ms: 1500,
  jitter: 0.3,
  late_ms: 30_000,
  status_batch: 1,
  number_rates: true,
  pair_rates: true,
  retry_first_ms: 1000,
  review_ms: 2000,
  window: 'async',
  fetch_links: false,
  webhook_version: 'v23.0',
};

/** When a closed window is told. */
export const WINDOWS = ['async', 'sync', 'off'] as const;

/** Meta batches up to 1,000 updates in one webhook. */
const STATUS_BATCH_MAX = 1000;

/** Changes `settings` by `patch`; returns a sentence about the first thing that is wrong, then nothing is changed. */
export function changeSettings(settings: Settings, patch: unknown): string | undefined {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) {
    return 'The body must be a JSON object of settings.';
  }
  for (const [name, value] of Object.entries(patch)) {
    const wrong = wrongSetting(name, value);
    if (wrong !== undefined) return wrong;
  }
  Object.assign(settings, patch);
  return undefined;
}

function wrongSetting(name: string, value: unknown): string | undefined {
  if (!Object.hasOwn(DEFAULT_SETTINGS, name)) {
    return `There is no setting "${name}". There are: ${Object.keys(DEFAULT_SETTINGS).join(', ')}.`;
  }
  switch (name as keyof Settings) {
    case 'auto_read':
    case 'number_rates':
    case 'pair_rates':
    case 'fetch_links':
      return typeof value === 'boolean' ? undefined : `"${name}" must be true or false.`;
    case 'sent_ms':
    case 'delivered_ms':
    case 'read_ms':
    case 'late_ms':
    case 'retry_first_ms':
    case 'review_ms':
      return isNumber(value, 0, Number.MAX_SAFE_INTEGER)
        ? undefined
        : `"${name}" must be a number of milliseconds, 0 or more.`;
    case 'jitter':
      return isNumber(value, 0, 1) ? undefined : '"jitter" must be a number from 0 to 1.';
    case 'status_batch':
      return isNumber(value, 1, STATUS_BATCH_MAX) && Number.isInteger(value)
        ? undefined
        : `"status_batch" must be a whole number from 1 to ${STATUS_BATCH_MAX}.`;
    case 'window':
      return WINDOWS.some(known => known === value)
        ? undefined
        : `"window" must be one of ${WINDOWS.join(', ')}.`;
    case 'webhook_version':
      return typeof value === 'string' && /^v\d+\.\d+$/.test(value)
        ? undefined
        : '"webhook_version" must look like "v23.0".';
  }
}

function isNumber(value: unknown, least: number, most: number): value is number {
  return typeof value === 'number' && value >= least && value <= most;
}
