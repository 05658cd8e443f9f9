import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { Store } from '../store/store.ts';

/** What stands in the database of a secret is sealed with the master key; only a running gateway can open it. */
export interface Secrets {
  readonly seal: (text: string) => Buffer;
  /** @throws when it was sealed with another key, or changed since */
  readonly open: (sealed: Buffer) => string;
}

const CIPHER = 'aes-256-gcm';
/** In front of everything sealed, so that another cipher can come later. */
const VERSION = 1;
/** NIST SP 800-38D: 96 random bits serve 2^32 secrets under one key. */
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** @param masterKey any text with at least 128 bits in it; the cipher's key is derived from its bytes */
export function openSecrets(masterKey: string): Secrets {
  const key = Buffer.from(hkdfSync('sha256', masterKey, '', 'wirebird secrets', 32));
  return {
    seal: text => {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv(CIPHER, key, nonce);
      const body = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
      return Buffer.concat([Buffer.of(VERSION), nonce, cipher.getAuthTag(), body]);
    },
    open: sealed => {
      if (sealed[0] !== VERSION) throw new Error(`a secret is sealed in an unknown way (${sealed[0]})`);
      const body = 1 + NONCE_BYTES + TAG_BYTES;
      const decipher = createDecipheriv(CIPHER, key, sealed.subarray(1, 1 + NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAuthTag(sealed.subarray(1 + NONCE_BYTES, body));
      return Buffer.concat([decipher.update(sealed.subarray(body)), decipher.final()]).toString('utf8');
    },
  };
}

const CHECK_NAME = 'master_key_check';
const CHECK_TEXT = 'wirebird';

/**
 * Refuses a master key that is not the database's own, before anything is sealed with it. The first key that comes is
 * the database's own.
 *
 * @throws Error with a sentence for the operator
 */
export async function checkMasterKey(store: Store, secrets: Secrets): Promise<void> {
  await store.db
    .insertInto('settings')
    .values({ name: CHECK_NAME, value: secrets.seal(CHECK_TEXT).toString('base64') })
    .onConflict(conflict => conflict.column('name').doNothing())
    .execute();
  const row = await store.db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', CHECK_NAME)
    .executeTakeFirstOrThrow();
  try {
    if (secrets.open(Buffer.from(row.value, 'base64')) === CHECK_TEXT) return;
  } catch {
    // Said below: what the cipher says of a wrong key helps nobody.
  }
  throw new Error(
    'The master key does not fit this database, whose secrets were encrypted with another one: set WIREBIRD_MASTER_KEY to that key, or put back its master.key file.',
  );
}
