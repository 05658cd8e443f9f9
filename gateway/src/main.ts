import { Command, CommanderError } from 'commander';
import { ConfigError, type Flags, readConfig } from './config.ts';
import { keysCommand } from './keys-command.ts';
import { reportsCommand } from './reports-command.ts';
import { serve } from './serve.ts';
import { VERSION } from './version.ts';
import { workspacesCommand } from './workspaces-command.ts';

const program = new Command('wirebird')
  .description(
    'A self-hosted gateway for outbound WhatsApp that speaks Telnyx, Infobip, YCloud and ElevenLabs.',
  )
  .version(VERSION)
  .showHelpAfterError()
  .exitOverride();

/** Where the database is: every command needs it. */
const place = (command: Command): Command =>
  command
    .option('--data <dir>', 'data directory: embedded database, keys, sandbox (WIREBIRD_DATA_DIR)', undefined)
    .option(
      '--database-url <url>',
      'a PostgreSQL 15 or newer instead of the embedded one (WIREBIRD_DATABASE_URL)',
    );

place(program.command('serve'))
  .description('run the gateway')
  .option('--port <n>', 'port of the gateway, 8080 by default (WIREBIRD_PORT)')
  .option('--host <address>', 'address to listen on, 127.0.0.1 by default (WIREBIRD_HOST)')
  .option('--sandbox', 'also start a simulated WhatsApp network with phones, a sender and a key')
  .option('--sandbox-port <n>', 'port of the sandbox, 8081 by default (WIREBIRD_SANDBOX_PORT)')
  .action(async (flags: Flags) => serve(readConfig(flags, process.env)));

keysCommand(program, place);
workspacesCommand(program, place);
reportsCommand(program, place);

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) process.exit(error.exitCode);
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(error instanceof ConfigError ? 2 : 1);
}
