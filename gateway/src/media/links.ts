import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Store } from '../store/store.ts';

/** How long a link to a file works, ms: as long as Meta repeats a webhook (meta-cloud-api §5.1). */
const LINK_MS = 7 * 24 * 3_600_000;

const SETTING = 'media_link_key';

/** Opens and closes what is stored: the secrets of accounts. */
interface Sealing {
  readonly seal: (text: string) => Buffer;
  readonly open: (sealed: Buffer) => string;
}

/** The key that signs links; made at the first start, the same for all nodes. */
export async function linkKey(store: Store, secrets: Sealing): Promise<Buffer> {
  const fresh = secrets.seal(randomBytes(32).toString('base64')).toString('base64');
  await store.db
    .insertInto('settings')
    .values({ name: SETTING, value: fresh })
    .onConflict(on => on.doNothing())
    .execute();
  const { value } = await store.db
    .selectFrom('settings')
    .select('value')
    .where('name', '=', SETTING)
    .executeTakeFirstOrThrow();
  return Buffer.from(secrets.open(Buffer.from(value, 'base64')), 'base64');
}

/** `/media/<id>?expires=<unix seconds>&signature=<hex>`; whoever has it may fetch the file until then. */
export function linkTo(key: Buffer, id: string, now: Date): string {
  // The same link for a day: a report that is repeated says the same, and caches hold.
  const day = 24 * 3_600_000;
  const expires = Math.floor((Math.floor(now.getTime() / day) * day + LINK_MS + day) / 1000);
  return `/media/${id}?expires=${expires}&signature=${signature(key, id, expires)}`;
}

/** Whether a link was made here and still works. */
export function linkFits(
  key: Buffer,
  id: string,
  query: { readonly expires?: unknown; readonly signature?: unknown },
  now: Date,
): 'fits' | 'expired' | 'forged' {
  const { expires, signature: given } = query;
  if (typeof expires !== 'string' || !/^\d{1,12}$/.test(expires) || typeof given !== 'string')
    return 'forged';
  const wanted = Buffer.from(signature(key, id, Number(expires)));
  const said = Buffer.from(given);
  if (wanted.length !== said.length || !timingSafeEqual(wanted, said)) return 'forged';
  return Number(expires) * 1000 > now.getTime() ? 'fits' : 'expired';
}

function signature(key: Buffer, id: string, expires: number): string {
  return createHmac('sha256', key).update(`${id} ${expires}`).digest('hex');
}
