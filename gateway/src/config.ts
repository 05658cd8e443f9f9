import { resolve } from 'node:path';

/** Every setting of the gateway, with its environment variable, unit and default, in one place. */
export interface Config {
  /** `WIREBIRD_PORT`, `--port`: where dialects, API and Meta's webhooks are served. Default 8080; 0 takes a free one. */
  readonly port: number;
  /** `WIREBIRD_HOST`, `--host`: the address to listen on. Default 127.0.0.1. */
  readonly host: string;
  /** `WIREBIRD_DATA_DIR`, `--data`: the embedded database, keys and the sandbox's files. Default ./data. */
  readonly dataDir: string;
  /** `WIREBIRD_DATABASE_URL`, `--database-url`: a PostgreSQL 15 or newer instead of the embedded one. */
  readonly databaseUrl: string | undefined;
  /** `WIREBIRD_GRAPH_URL`: Meta's Graph API, for senders that name none of their own. */
  readonly graphUrl: string;
  /** `WIREBIRD_GRAPH_VERSION`. Default v23.0. */
  readonly graphVersion: string;
  /** `WIREBIRD_PUBLIC_URL`: how Meta and customers reach this gateway. Default http://<host>:<port>. */
  readonly publicUrl: string | undefined;
  /** `WIREBIRD_MASTER_KEY`: encrypts stored secrets. Made and kept in the data directory when absent; required with a database URL. */
  readonly masterKey: string | undefined;
  /** `WIREBIRD_ADMIN_KEY`: an API key with every scope in the workspace `default`. At least 24 characters. */
  readonly adminKey: string | undefined;
  /** The sandbox's fixed key, set by `serve --sandbox` on loopback only. */
  readonly sandboxKey?: string;
  /** `WIREBIRD_VERIFY_TOKEN`: accepted in Meta's verification handshake beside each sender's own. */
  readonly verifyToken: string | undefined;
  /** `WIREBIRD_DISPATCH`: `off` makes a node that accepts, takes webhooks and reports, and leaves sending to others. Default on. */
  readonly dispatch: boolean;
  /** `WIREBIRD_UNCONFIRMED_DEADLINE`, seconds: how long a send with unknown outcome waits for a status. Default 60. */
  readonly unconfirmedDeadlineMs: number;
  /** `WIREBIRD_SEND_TIMEOUT`, seconds: how long a request to Meta may take, answer included. Default 20. */
  readonly sendTimeoutMs: number;
  /** `WIREBIRD_SEND_CONNECTIONS`: sends under way at once, each on a connection of its own. Default 256. */
  readonly sendConnections: number;
  /** `WIREBIRD_REPORT_SCHEDULE`, seconds, comma-separated: the pauses between attempts at one URL, in every dialect. Default: each dialect's own. */
  readonly reportScheduleMs: readonly number[] | undefined;
  /** `WIREBIRD_REPORT_TIMEOUT`, seconds: how long a customer's webhook may take to answer, in every dialect. Default: each dialect's own. */
  readonly reportTimeoutMs: number | undefined;
  /** `WIREBIRD_REPORT_CONCURRENCY`: report deliveries under way at once. Default 256. */
  readonly reportConcurrency: number;
  /** `WIREBIRD_EVENT_STREAMS`: live event streams open at this node at once; one workspace gets a quarter of them. Default 400. */
  readonly eventStreams: number;
  /** `WIREBIRD_ALLOW_PRIVATE_WEBHOOKS`: `true` opens private addresses to reports. The sandbox start opens loopback only. */
  readonly privateTargets: 'refused' | 'loopback' | 'allowed';
  /**
   * Files in a bucket instead of the data directory: `WIREBIRD_MEDIA_S3_BUCKET`, `WIREBIRD_MEDIA_S3_REGION` (default
   * us-east-1), `WIREBIRD_MEDIA_S3_ENDPOINT` (of a store that is not Amazon's), `WIREBIRD_MEDIA_S3_PREFIX`,
   * `WIREBIRD_MEDIA_S3_ACCESS_KEY_ID` with `WIREBIRD_MEDIA_S3_SECRET_ACCESS_KEY` (else as the machine has them).
   */
  readonly mediaS3: S3Settings | undefined;
  /** `WIREBIRD_QUEUE_MAX`: how many messages of one number may wait to be sent; more are refused. Default 2,000,000. */
  readonly queueMax: number;
  /** `WIREBIRD_KEEP_DAYS`: how long messages, their timelines, reports and webhooks are kept. Default 30, at least 8. */
  readonly keepDays: number;
  /** `WIREBIRD_MEDIA_KEEP_DAYS`: how long what people send is kept. Default 30. */
  readonly mediaKeepMs: number;
  /** `WIREBIRD_CLOCK_JUMPS`: a file with milliseconds that the machine's clock is taken to be ahead, for tests. */
  readonly clockJumps: string | undefined;
  /** `WIREBIRD_LOG_LEVEL`: trace, debug, info, warn, error, fatal or silent. Default info. */
  readonly logLevel: string;
  /** `--sandbox`: start the simulated WhatsApp network and seed a workspace, a sender and a key. */
  readonly sandbox: boolean;
  /** `WIREBIRD_SANDBOX_PORT`, `--sandbox-port`. Default 8081; 0 takes a free one. */
  readonly sandboxPort: number;
}

export interface S3Settings {
  readonly bucket: string;
  readonly region: string;
  readonly endpoint: string | undefined;
  readonly prefix: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

/** Meta repeats a webhook for seven days (meta-cloud-api §5.1): its row must still be there. */
const KEEP_DAYS_MIN = 8;

/** The smallest key that is not guessable by trying. */
const KEY_MIN = 24;

export class ConfigError extends Error {}

export interface Flags {
  readonly port?: string | undefined;
  readonly host?: string | undefined;
  readonly data?: string | undefined;
  readonly databaseUrl?: string | undefined;
  readonly sandbox?: boolean | undefined;
  readonly sandboxPort?: string | undefined;
}

/**
 * Reads the settings. A flag wins over its environment variable.
 *
 * @throws ConfigError with one sentence that names the setting and what it takes
 */
export function readConfig(flags: Flags, env: Readonly<Record<string, string | undefined>>): Config {
  const text = (name: string): string | undefined => {
    const value = env[name]?.trim();
    return value === undefined || value === '' ? undefined : value;
  };
  const sandbox = flags.sandbox ?? false;
  const databaseUrl = flags.databaseUrl ?? text('WIREBIRD_DATABASE_URL');
  if (databaseUrl !== undefined && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new ConfigError(
      '--database-url (WIREBIRD_DATABASE_URL) must start with postgres:// or postgresql://',
    );
  }
  const masterKey = text('WIREBIRD_MASTER_KEY');
  if (databaseUrl !== undefined && masterKey === undefined && !sandbox) {
    throw new ConfigError(
      'WIREBIRD_MASTER_KEY is required with a database URL: every node must encrypt secrets with the same key. Make one with: openssl rand -base64 32',
    );
  }
  if (masterKey !== undefined && masterKey.length < KEY_MIN) {
    throw new ConfigError(`WIREBIRD_MASTER_KEY must have at least ${KEY_MIN} characters`);
  }
  const adminKey = text('WIREBIRD_ADMIN_KEY');
  if (adminKey !== undefined && adminKey.length < KEY_MIN) {
    throw new ConfigError(`WIREBIRD_ADMIN_KEY must have at least ${KEY_MIN} characters`);
  }
  const openPrivate = text('WIREBIRD_ALLOW_PRIVATE_WEBHOOKS') === 'true';
  return {
    port: port('--port (WIREBIRD_PORT)', flags.port ?? text('WIREBIRD_PORT'), 8080),
    host: flags.host ?? text('WIREBIRD_HOST') ?? '127.0.0.1',
    dataDir: resolve(flags.data ?? text('WIREBIRD_DATA_DIR') ?? 'data'),
    databaseUrl,
    graphUrl: httpUrl('WIREBIRD_GRAPH_URL', text('WIREBIRD_GRAPH_URL')) ?? 'https://graph.facebook.com',
    graphVersion: matching(
      'WIREBIRD_GRAPH_VERSION',
      text('WIREBIRD_GRAPH_VERSION') ?? 'v23.0',
      /^v\d+\.\d+$/,
      'look like v23.0',
    ),
    publicUrl: httpUrl('WIREBIRD_PUBLIC_URL', text('WIREBIRD_PUBLIC_URL')),
    masterKey,
    adminKey,
    verifyToken: text('WIREBIRD_VERIFY_TOKEN'),
    dispatch:
      matching('WIREBIRD_DISPATCH', text('WIREBIRD_DISPATCH') ?? 'on', /^(on|off)$/, 'be on or off') === 'on',
    unconfirmedDeadlineMs: seconds(
      'WIREBIRD_UNCONFIRMED_DEADLINE',
      text('WIREBIRD_UNCONFIRMED_DEADLINE'),
      60,
    ),
    sendTimeoutMs: seconds('WIREBIRD_SEND_TIMEOUT', text('WIREBIRD_SEND_TIMEOUT'), 20),
    sendConnections: count('WIREBIRD_SEND_CONNECTIONS', text('WIREBIRD_SEND_CONNECTIONS'), 256),
    reportScheduleMs: text('WIREBIRD_REPORT_SCHEDULE')
      ?.split(',')
      .map(part => seconds('WIREBIRD_REPORT_SCHEDULE', part.trim(), 0)),
    reportTimeoutMs: optional(text('WIREBIRD_REPORT_TIMEOUT'), value =>
      seconds('WIREBIRD_REPORT_TIMEOUT', value, 0),
    ),
    reportConcurrency: count('WIREBIRD_REPORT_CONCURRENCY', text('WIREBIRD_REPORT_CONCURRENCY'), 256),
    eventStreams: count('WIREBIRD_EVENT_STREAMS', text('WIREBIRD_EVENT_STREAMS'), 400),
    mediaS3: s3Settings(text),
    queueMax: count('WIREBIRD_QUEUE_MAX', text('WIREBIRD_QUEUE_MAX'), 2_000_000, 1, 100_000_000),
    keepDays: count('WIREBIRD_KEEP_DAYS', text('WIREBIRD_KEEP_DAYS'), 30, KEEP_DAYS_MIN, 3_650),
    mediaKeepMs: count('WIREBIRD_MEDIA_KEEP_DAYS', text('WIREBIRD_MEDIA_KEEP_DAYS'), 30) * 86_400_000,
    privateTargets: openPrivate ? 'allowed' : sandbox ? 'loopback' : 'refused',
    clockJumps: text('WIREBIRD_CLOCK_JUMPS'),
    logLevel: matching(
      'WIREBIRD_LOG_LEVEL',
      text('WIREBIRD_LOG_LEVEL') ?? 'info',
      /^(trace|debug|info|warn|error|fatal|silent)$/,
      'be trace, debug, info, warn, error, fatal or silent',
    ),
    sandbox,
    sandboxPort: port(
      '--sandbox-port (WIREBIRD_SANDBOX_PORT)',
      flags.sandboxPort ?? text('WIREBIRD_SANDBOX_PORT'),
      8081,
    ),
  };
}

function optional<T>(value: string | undefined, read: (value: string) => T): T | undefined {
  return value === undefined ? undefined : read(value);
}

function s3Settings(text: (name: string) => string | undefined): S3Settings | undefined {
  const bucket = text('WIREBIRD_MEDIA_S3_BUCKET');
  if (bucket === undefined) return undefined;
  const accessKeyId = text('WIREBIRD_MEDIA_S3_ACCESS_KEY_ID');
  const secretAccessKey = text('WIREBIRD_MEDIA_S3_SECRET_ACCESS_KEY');
  if ((accessKeyId === undefined) !== (secretAccessKey === undefined)) {
    throw new ConfigError(
      'WIREBIRD_MEDIA_S3_ACCESS_KEY_ID and WIREBIRD_MEDIA_S3_SECRET_ACCESS_KEY are given together or not at all',
    );
  }
  return {
    bucket,
    region: text('WIREBIRD_MEDIA_S3_REGION') ?? 'us-east-1',
    endpoint: httpUrl('WIREBIRD_MEDIA_S3_ENDPOINT', text('WIREBIRD_MEDIA_S3_ENDPOINT')),
    prefix: text('WIREBIRD_MEDIA_S3_PREFIX') ?? '',
    credentials:
      accessKeyId === undefined || secretAccessKey === undefined
        ? undefined
        : { accessKeyId, secretAccessKey },
  };
}

function port(name: string, value: string | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new ConfigError(`${name} must be a port number from 0 to 65535, not "${value}"`);
  }
  return number;
}

function seconds(name: string, value: string | undefined, fallback: number): number {
  const number = value === undefined ? fallback : Number(value);
  if (value === '' || !Number.isFinite(number) || number < 0 || number > 86_400) {
    throw new ConfigError(`${name} must be a number of seconds from 0 to 86400, not "${value}"`);
  }
  return Math.round(number * 1000);
}

function count(name: string, value: string | undefined, fallback: number, least = 1, most = 10_000): number {
  if (value === undefined) return fallback;
  const number = Number(value);
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new ConfigError(`${name} must be a whole number from ${least} to ${most}, not "${value}"`);
  }
  return number;
}

function httpUrl(name: string, value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (!URL.canParse(value) || !/^https?:/.test(value))
    throw new ConfigError(`${name} must be an http or https URL, not "${value}"`);
  return value.replace(/\/+$/, '');
}

function matching(name: string, value: string, pattern: RegExp, must: string): string {
  if (!pattern.test(value)) throw new ConfigError(`${name} must ${must}, not "${value}"`);
  return value;
}
