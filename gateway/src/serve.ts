import { isIP } from 'node:net';
import { pino } from 'pino';
import type { Config } from './config.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { keepHeapSmall } from './heap.ts';
import { onParentGone } from './parent.ts';
import { type Sandbox, startSandbox } from './sandbox-child.ts';
import { SANDBOX_KEY, SEEDED_PHONE, seedReceiver, seedSender } from './seed.ts';
import { onStop } from './signals.ts';

/**
 * `wirebird serve`: starts everything, says where it is, and runs until a signal.
 *
 * Log lines are JSON on standard output; what a person should read stands on standard error.
 */
export async function serve(config: Config): Promise<void> {
  keepHeapSmall();
  // Whoever read it may be gone (`npm start | head`); that is no reason to end in the middle of a stop.
  process.stderr.on('error', () => {});
  process.stdout.on('error', () => {});
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const log = pino(
    {
      level: config.logLevel,
      base: null,
      serializers: { err: brief },
      redact: { paths: ['*.accessToken', '*.appSecret', '*.authorization'], censor: '…' },
    },
    process.stdout,
  );
  const began = performance.now();
  let gateway: Gateway | undefined;
  let sandbox: Sandbox | undefined;

  const end = async (code: number): Promise<void> => {
    await gateway?.stop(say);
    await sandbox?.stop();
    process.exit(code);
  };
  const starting = (async () => {
    gateway = await startGateway({ ...config, ...sandboxSettings(config) }, log);
    if (!config.sandbox) return;
    sandbox = await startSandbox({
      port: config.sandboxPort,
      dataDir: config.dataDir,
      onExit: code => {
        say(`The sandbox has ended (exit code ${code}). Stopping.`);
        void end(1);
      },
    });
    await seedSender(gateway, sandbox.url);
    await seedReceiver(gateway, sandbox.url);
  })();

  const drain = onStop(
    async signal => {
      say(
        signal === 'SIGINT'
          ? '\nStopping: finishing what is under way. Ctrl-C again ends at once.'
          : 'Stopping: finishing what is under way.',
      );
      await starting.catch(() => {});
      await end(0).catch(error => {
        say(`Stopping failed: ${sentence(error)}`);
        process.exit(1);
      });
    },
    () => {
      say(
        'Ended at once; what was under way is settled at the next start, for which the database goes on running.',
      );
      process.exit(130);
    },
  );
  onParentGone(() => drain('SIGTERM'));

  try {
    await starting;
  } catch (error) {
    say(`Wirebird could not start: ${sentence(error)}`);
    log.debug({ err: error }, 'start failed');
    await gateway?.stop(() => {}).catch(() => {});
    await sandbox?.stop();
    process.exit(1);
  }
  say(banner(config, gateway!, sandbox, Math.round(performance.now() - began)));
}

/** The fixed key and the loopback targets hold only where nobody else can reach them. */
function sandboxSettings(config: Config): Partial<Config> {
  if (!config.sandbox) return {};
  if (!isLoopback(config.host)) {
    throw new Error(
      '--sandbox listens on loopback only: it has a key that everybody knows. Leave --host (WIREBIRD_HOST) out.',
    );
  }
  return { sandboxKey: SANDBOX_KEY };
}

/** An error as the log shows it. Drivers hang whole connections, statements and rows onto theirs. */
function brief(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack, cause } = error;
  const code = (error as { code?: unknown }).code;
  return {
    type: name,
    message,
    ...(typeof code === 'string' ? { code } : {}),
    ...(cause === undefined ? {} : { cause: brief(cause) }),
    stack,
  };
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function sentence(error: unknown): string {
  const error_ = error as { code?: string; message?: string; port?: number; address?: string };
  if (error_.code === 'EADDRINUSE') {
    return `port ${error_.port} on ${error_.address} is taken. Choose another with --port.`;
  }
  if (error_.code === 'EACCES' && error_.port !== undefined) {
    return `port ${error_.port} needs more rights than this user has. Choose one from 1024 with --port.`;
  }
  if (error_.code === 'EADDRNOTAVAIL')
    return `this machine has no address ${error_.address}. Choose another with --host.`;
  if (error_.code === 'ECONNREFUSED' || error_.code === 'ENOTFOUND') {
    return `the database cannot be reached: ${error_.message}. Check --database-url (WIREBIRD_DATABASE_URL).`;
  }
  return error instanceof Error ? error.message : String(error);
}

function banner(config: Config, gateway: Gateway, sandbox: Sandbox | undefined, ms: number): string {
  const lines = [
    '',
    `Wirebird is ready (${(ms / 1000).toFixed(1)} s).`,
    '',
    `  gateway    ${gateway.url}`,
    ...(sandbox === undefined ? [] : [`  phones     ${sandbox.url}`]),
    `  database   ${gateway.database.place}`,
  ];
  if (sandbox !== undefined) {
    lines.push(
      `  sender     ${SEEDED_PHONE}`,
      `  API key    ${SANDBOX_KEY}   (works on this machine only)`,
      '',
      'Try it, and watch the phone:',
      '',
      `  curl ${gateway.url}/v2/messages/whatsapp \\`,
      `    -H 'Authorization: Bearer ${SANDBOX_KEY}' -H 'Content-Type: application/json' \\`,
      `    -d '{"from":"${SEEDED_PHONE}","to":"+15557654321","whatsapp_message":{"type":"template","template":{"name":"hello_world","language":{"code":"en_US"}}}}'`,
    );
  } else if (config.adminKey === undefined) {
    lines.push(
      '',
      'No admin key is set. Make an API key with: node gateway/bin/wirebird.js keys create --name NAME --scopes admin',
    );
  }
  return `${lines.join('\n')}\n`;
}
