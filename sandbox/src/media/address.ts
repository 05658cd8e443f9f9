import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../clock.ts';

/** WhatsApp: the address of a media object is good for five minutes (meta-cloud-api §6) */
const LIFE_MS = 5 * 60 * 1000;

/** Where the bytes of media are, as at Meta: an address that ends soon and needs the token besides. */
export const MEDIA_PATH = '/whatsapp_business/attachments/';

export class MediaAddresses {
  readonly #clock: Clock;
  readonly #key = randomBytes(32);

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @param origin `http://host:port` under which the asker knows the sandbox */
  make(origin: string, id: string): string {
    const ends = Math.ceil((this.#clock.now() + LIFE_MS) / 1000);
    return `${origin}${MEDIA_PATH}?mid=${id}&ext=${ends}&hash=${this.#sign(id, ends)}`;
  }

  /** The id that an address is for; undefined when it is over, or was never made. */
  read({ mid, ext, hash }: { mid?: string; ext?: string; hash?: string }): string | undefined {
    if (mid === undefined || ext === undefined || hash === undefined) return undefined;
    const expected = Buffer.from(this.#sign(mid, Number(ext)));
    const given = Buffer.from(hash);
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return Number(ext) * 1000 > this.#clock.now() ? mid : undefined;
  }

  #sign(id: string, ends: number): string {
    return createHmac('sha256', this.#key).update(`${id}:${ends}`).digest('base64url');
  }
}
