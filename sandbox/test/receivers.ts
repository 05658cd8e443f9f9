import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { type Answer, startTestNetwork } from './network.ts';

/** A sandbox with its receivers: how a sender of webhooks and how their owner sees them. */
export async function startReceivers() {
  const { sandbox, control, stop } = await startTestNetwork();
  const receiver = (name: string, change: object): Promise<Answer> =>
    control('PATCH', `/receivers/${name}`, change);
  const behave = (behaviour: object, name = 'main') => receiver(name, { behaviour });
  const post = (body: string | Uint8Array, headers: Record<string, string> = {}, name = 'main') =>
    fetch(`${sandbox.url}/receiver/${name}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : Buffer.from(body),
      redirect: 'manual',
    });
  const deliveries = async (name = 'main', query = '') =>
    (await control('GET', `/receivers/${name}/deliveries${query}`)).body.data;
  /** What was thought of the newest signature. */
  const verdict = async (name = 'main'): Promise<{ verdict: string; sentence: string }> =>
    (await deliveries(name))[0].signature;
  return { sandbox, control, stop, receiver, behave, post, deliveries, verdict };
}

export const seconds = (ago = 0) => String(Math.floor(Date.now() / 1000) - ago);

const hmac = (key: string | Buffer, text: string, encoding: 'hex' | 'base64') =>
  createHmac('sha256', key).update(text).digest(encoding);

/** Headers as each vendor would send them. */
export const signers = {
  ycloud: (secret: string, body: string, t = seconds()) => ({
    'YCloud-Signature': `t=${t},s=${hmac(secret, `${t}.${body}`, 'hex')}`,
  }),
  elevenlabs: (secret: string, body: string, t = seconds()) => ({
    'ElevenLabs-Signature': `t=${t},v0=${hmac(secret, `${t}.${body}`, 'hex')}`,
  }),
  standardWebhooks: (secret: string, id: string, body: string, t = seconds()) => ({
    'webhook-id': id,
    'webhook-timestamp': t,
    'webhook-signature': `v1,${hmac(Buffer.from(secret.slice('whsec_'.length), 'base64'), `${id}.${t}.${body}`, 'base64')}`,
  }),
};

/** A workspace's key pair at Telnyx, and the headers that it signs. */
export function telnyxPair() {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    publicKey: Buffer.from(publicKey.export({ format: 'jwk' }).x!, 'base64url').toString('base64'),
    headers: (body: string, time = seconds()) => ({
      'telnyx-signature-ed25519': sign(null, Buffer.from(`${time}|${body}`), privateKey).toString('base64'),
      'telnyx-timestamp': time,
    }),
  };
}
