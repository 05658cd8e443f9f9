import { Command, InvalidArgumentError, Option } from 'commander';
import { credentialsOf } from './control/senders.ts';
import { type Sandbox, startSandbox } from './network.ts';
import { type Settings, WINDOWS } from './settings.ts';

/** The business number that a sandbox has when it is run alone. */
const DEFAULT_SENDER = '+15550001000';
const EXAMPLE_PHONE = '+15551230001';

interface Flags {
  port: number;
  host: string;
  data?: string;
  webhookUrl?: string;
  appSecret?: string;
  autoRead: boolean;
  sentMs?: number;
  deliveredMs?: number;
  readMs?: number;
  window?: Settings['window'];
  seed?: number;
}

const command = new Command('wirebird-sandbox')
  .description("A WhatsApp network on a laptop: Meta's Cloud API, phones, signed webhooks and a ledger.")
  .option('--port <port>', 'port to listen on; 0 takes a free one', wholeNumber, 8081)
  .option('--host <host>', 'address to listen on', '127.0.0.1')
  .option('--data <dir>', 'folder that keeps senders, phones and ledger; in memory when absent')
  .option('--webhook-url <url>', 'where webhooks go for senders without an address of their own', webAddress)
  .option('--app-secret <secret>', 'secret that signs the webhooks of every new sender')
  .option('--no-auto-read', 'leave reading to the person at the page')
  .option('--sent-ms <ms>', 'from accepting to sent (150)', wholeNumber)
  .option('--delivered-ms <ms>', 'from accepting to delivered (400)', wholeNumber)
  .option('--read-ms <ms>', 'from accepting to read (1500)', wholeNumber)
  .addOption(new Option('--window <when>', 'when a closed 24-hour window is told (async)').choices(WINDOWS))
  .option('--seed <number>', 'of the variation of these times', wholeNumber)
  .action(run);

await command.parseAsync();

async function run(flags: Flags): Promise<void> {
  const settings: Partial<Settings> = { auto_read: flags.autoRead };
  if (flags.sentMs !== undefined) settings.sent_ms = flags.sentMs;
  if (flags.deliveredMs !== undefined) settings.delivered_ms = flags.deliveredMs;
  if (flags.readMs !== undefined) settings.read_ms = flags.readMs;
  if (flags.window !== undefined) settings.window = flags.window;
  let sandbox: Sandbox;
  try {
    sandbox = await startSandbox({
      port: flags.port,
      host: flags.host,
      dataDir: flags.data,
      webhookUrl: flags.webhookUrl,
      appSecret: flags.appSecret,
      settings,
      ...(flags.seed !== undefined && { seed: flags.seed }),
    });
  } catch (error) {
    console.error(`The sandbox cannot start: ${sentenceOf(error, flags.port)}`);
    process.exit(1);
  }
  stopWhenAsked(sandbox);
  if (process.send === undefined) introduce(sandbox);
  else process.send({ ready: true, port: sandbox.port });
}

/** A signal, or the end of the process that has started this one, ends the sandbox with its files flushed. */
function stopWhenAsked(sandbox: Sandbox): void {
  let stopping = false;
  const stop = async () => {
    if (stopping) return;
    stopping = true;
    await sandbox.stop();
    process.exit(0);
  };
  process.on('SIGTERM', stop);
  process.on('disconnect', stop);
  // Ctrl-C reaches a whole terminal: the process that has started this one drains first and ends it then.
  process.on('SIGINT', () => {
    if (process.send === undefined) stop();
  });
}

/** Run alone, the sandbox says how to use it. */
function introduce({ url, network }: Sandbox): void {
  const { sender } = network.senders.register({ phoneNumber: DEFAULT_SENDER, displayName: 'Sandbox' });
  const { phone_number_id, waba_id, access_token, app_secret, verify_token } = credentialsOf(sender, url);
  console.log(`Wirebird sandbox: ${url}

  sender           ${DEFAULT_SENDER}
  phone number id  ${phone_number_id}
  WABA id          ${waba_id}
  access token     ${access_token}
  app secret       ${app_secret}
  verify token     ${verify_token}

Send a first message, then look at ${url}/:

  curl ${url}/v23.0/${phone_number_id}/messages \\
    -H 'Authorization: Bearer ${access_token}' -H 'Content-Type: application/json' \\
    -d '{"messaging_product":"whatsapp","to":"${EXAMPLE_PHONE}","type":"template","template":{"name":"hello_world","language":{"code":"en_US"}}}'
`);
}

function sentenceOf(error: unknown, port: number): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE')
    return `port ${port} is in use. Stop what listens there, or give another ${process.send === undefined ? '--port' : '--sandbox-port'}.`;
  return message;
}

function wholeNumber(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number, 0 or more.');
  return Number(text);
}

function webAddress(text: string): string {
  if (!/^https?:$/.test(URL.parse(text)?.protocol ?? '')) {
    throw new InvalidArgumentError('It must be an http or https URL.');
  }
  return text;
}
