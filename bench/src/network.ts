import { join } from 'node:path';
import { call } from './call.ts';
import type { Gateway } from './gateway.ts';
import { type Program, readyPort, startProgram } from './program.ts';

const COMMAND = join(import.meta.dirname, '../../sandbox/bin/wirebird-sandbox.js');

/** WhatsApp: the most messages per second that a number can have (meta-cloud-api §8). */
export const NUMBER_RATE = 1_000;

/** The simulated WhatsApp network, run by its command in a process of its own. */
export interface Network {
  readonly url: string;
  readonly program: Program;
}

export interface Times {
  readonly sentMs: number;
  readonly deliveredMs: number;
  readonly readMs: number;
}

/** @param times from accepting a message to each of its statuses, ms */
export async function startNetwork(times: Times, logFile: string): Promise<Network> {
  const program = startProgram(
    COMMAND,
    [
      '--port',
      '0',
      '--sent-ms',
      String(times.sentMs),
      '--delivered-ms',
      String(times.deliveredMs),
      '--read-ms',
      String(times.readMs),
    ],
    {},
    logFile,
  );
  return { url: `http://127.0.0.1:${await readyPort(program, 'the sandbox')}`, program };
}

interface SandboxSender extends Record<string, unknown> {
  readonly phone_number: string;
}

/**
 * Registers business numbers at the network and makes them senders of the gateway.
 *
 * @param more.through where both meet each other instead: an address that records what it passes on
 * @param more.rate messages per second of each
 * @returns the phone numbers
 */
export async function addSenders(
  network: Network,
  gateway: Gateway,
  phoneNumbers: readonly string[],
  more: { readonly through?: string | undefined; readonly rate?: number | undefined } = {},
): Promise<void> {
  const { through, rate = NUMBER_RATE } = more;
  for (const phone_number of phoneNumbers) {
    const sender = await call<SandboxSender>('POST', `${network.url}/sandbox/senders`, {
      body: {
        phone_number,
        throughput: rate,
        webhook_url: `${through ?? gateway.url}/webhooks/whatsapp`,
      },
    });
    await call('POST', `${gateway.url}/api/senders`, {
      key: gateway.key,
      body: { ...sender, ...(through === undefined ? {} : { graph_url: through }) },
    });
  }
}
