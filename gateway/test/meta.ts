import { createHmac } from 'node:crypto';
import { call, type Running } from './running.ts';

/** Meta, as far as it sends webhooks by itself: signed by the secret of the account behind the running sender. */
export interface Meta {
  /** Sends a change of the sender's account; what is about the number itself names it in `metadata`. */
  readonly tell: (field: string, value: object) => Promise<void>;
}

interface Credentials {
  readonly phone_number: string;
  readonly phone_number_id: string;
  readonly waba_id: string;
  readonly app_secret: string;
}

export async function metaOf(running: Running): Promise<Meta> {
  // Asked again for a number that it has, the sandbox gives what belongs to it.
  const { body: owner } = await call<Credentials>('POST', `${running.sandboxUrl}/sandbox/senders`, {
    phone_number: running.sender,
  });
  return {
    tell: async (field, value) => {
      const metadata = {
        display_phone_number: owner.phone_number.slice(1),
        phone_number_id: owner.phone_number_id,
      };
      const change = { field, value: { messaging_product: 'whatsapp', metadata, ...value } };
      const entry = [{ id: owner.waba_id, time: Math.floor(Date.now() / 1000), changes: [change] }];
      const body = JSON.stringify({ object: 'whatsapp_business_account', entry });
      const signature = createHmac('sha256', owner.app_secret).update(body).digest('hex');
      const { status } = await call('POST', `${running.url}/webhooks/whatsapp`, body, {
        'content-type': 'application/json',
        'x-hub-signature-256': `sha256=${signature}`,
      });
      if (status !== 200) throw new Error(`the webhook was answered with ${status}`);
    },
  };
}
