import { createPublicKey, type KeyObject } from 'node:crypto';
import { isFields } from '../checks.ts';

/** What a receiver checks signatures with: a key for each dialect that signs. */
export interface Keys {
  telnyx?: { text: string; key: KeyObject } | undefined;
  /** The whole secret, `whsec_` included, is the key (ycloud §8). */
  ycloud?: string | undefined;
  standard_webhooks?: { text: string; key: Buffer } | undefined;
  /** The whole secret is the key (elevenlabs §11.2). */
  elevenlabs?: string | undefined;
}

const NAMES = ['telnyx', 'ycloud', 'standard_webhooks', 'elevenlabs'] as const;

const SECRET_MAX = 500;

/** Keys as a request gives them, `null` for one that is to be forgotten; or a sentence about what is wrong. */
export function readKeys(value: unknown): Keys | string {
  if (!isFields(value)) return `"keys" must be an object with any of ${NAMES.join(', ')}.`;
  const keys: Keys = {};
  for (const [name, given] of Object.entries(value)) {
    const known = NAMES.find(each => each === name);
    if (known === undefined) return `"keys" knows ${NAMES.join(', ')}, not "${name}".`;
    if (given === null) {
      keys[known] = undefined;
      continue;
    }
    if (typeof given !== 'string' || given.trim() === '' || given.length > SECRET_MAX) {
      return `"keys.${name}" must be a text of at most ${SECRET_MAX} characters, or null.`;
    }
    const wrong = setKey(keys, known, given.trim());
    if (wrong !== undefined) return wrong;
  }
  return keys;
}

function setKey(keys: Keys, name: (typeof NAMES)[number], text: string): string | undefined {
  switch (name) {
    case 'telnyx': {
      const key = ed25519Key(text);
      if (key === undefined) {
        return '"keys.telnyx" must be a Telnyx public key: the base64 of 32 bytes, 44 characters.';
      }
      keys.telnyx = { text, key };
      return undefined;
    }
    case 'standard_webhooks': {
      // The prefix is no part of the key, which is the decoded rest of it.
      const base64 = text.replace(/^whsec_/, '');
      if (!/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) {
        return '"keys.standard_webhooks" must be a secret of the form whsec_<base64>.';
      }
      keys.standard_webhooks = { text, key: Buffer.from(base64, 'base64') };
      return undefined;
    }
    case 'ycloud':
    case 'elevenlabs':
      keys[name] = text;
      return undefined;
  }
}

/** Telnyx's form of a public key: the base64 of the raw 32 bytes (telnyx §9.4). */
function ed25519Key(text: string): KeyObject | undefined {
  if (!/^[A-Za-z0-9+/]{43}=$/.test(text)) return undefined;
  const x = Buffer.from(text, 'base64').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

/** For whoever looks: the public key, and of secrets as much as tells one from another. */
export function shownKeys({
  telnyx,
  ycloud,
  standard_webhooks,
  elevenlabs,
}: Keys): Record<string, string | null> {
  return {
    telnyx: telnyx?.text ?? null,
    ycloud: hint(ycloud),
    standard_webhooks: hint(standard_webhooks?.text),
    elevenlabs: hint(elevenlabs),
  };
}

function hint(secret: string | undefined): string | null {
  if (secret === undefined) return null;
  return secret.length < 12 ? '…' : `…${secret.slice(-4)}`;
}
