import { request } from 'undici';
import { changeSender, createSender } from './accounts/senders.ts';
import type { Gateway } from './gateway.ts';

/** The number that every sandbox start has, in the workspace `default`. */
export const SEEDED_PHONE = '+15550001000';

/** Valid only on loopback with the sandbox: it stands in the documentation. */
export const SANDBOX_KEY = 'wb_sandbox_key';

interface SandboxSender {
  readonly phone_number: string;
  readonly phone_number_id: string;
  readonly waba_id: string;
  readonly access_token: string;
  readonly app_secret: string;
  readonly verify_token: string;
  readonly app_id: string;
  readonly graph_url: string;
}

/**
 * Makes sure that the sandbox knows the seeded number and the gateway has it as a sender. Both keep their data over a
 * restart, so this changes nothing the second time, unless an address moved.
 *
 * @param sandboxUrl where the sandbox listens
 */
export async function seedSender(gateway: Gateway, sandboxUrl: string): Promise<void> {
  const { statusCode, body } = await request(`${sandboxUrl}/sandbox/senders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      phone_number: SEEDED_PHONE,
      display_name: 'Wirebird sandbox',
      throughput: 1_000,
      webhook_url: `http://127.0.0.1:${gateway.port}/webhooks/whatsapp`,
    }),
  });
  const answer = await body.text();
  if (statusCode >= 300) throw new Error(`the sandbox refused the seeded sender: ${statusCode} ${answer}`);
  const sender = JSON.parse(answer) as SandboxSender;
  const workspaceId = gateway.defaultWorkspaceId;
  const known = gateway.directory.senderByPhone(workspaceId, SEEDED_PHONE);
  const fields = {
    phoneNumberId: sender.phone_number_id,
    wabaId: sender.waba_id,
    accessToken: sender.access_token,
    appSecret: sender.app_secret,
    verifyToken: sender.verify_token,
    displayName: 'Wirebird sandbox',
    throughput: 1_000,
    appId: sender.app_id,
    graphUrl: sender.graph_url,
  };
  const now = new Date();
  const stored =
    known === undefined
      ? await createSender(
          gateway.store,
          gateway.secrets,
          { workspaceId, phoneNumber: SEEDED_PHONE, ...fields },
          now,
        )
      : await changeSender(gateway.store, gateway.secrets, workspaceId, known.id, fields, now);
  if (stored !== undefined && 'detail' in stored)
    throw new Error(`the seeded sender could not be stored: ${stored.detail}`);
  await gateway.directory.refresh();
  await gateway.sendersChanged();
}

/**
 * Tells the sandbox's receiver of webhooks the public key of the workspace, so that it can check the reports that come.
 * It keeps nothing over a restart.
 */
export async function seedReceiver(gateway: Gateway, sandboxUrl: string): Promise<void> {
  const workspace = gateway.directory.workspace(gateway.defaultWorkspaceId);
  if (workspace === undefined) throw new Error('the default workspace is not there yet');
  const { statusCode, body } = await request(`${sandboxUrl}/sandbox/receivers/main`, {
    method: 'PATCH',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ keys: { telnyx: workspace.publicKey.toString('base64') } }),
  });
  const answer = await body.text();
  if (statusCode >= 300) throw new Error(`the sandbox refused the workspace's key: ${statusCode} ${answer}`);
}
