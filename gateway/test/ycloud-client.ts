import ycloud from '@ycloud-cpaas/ycloud-sdk-node';
import FormData from 'form-data';
import { expect } from 'vitest';
import { call, type Running } from './running.ts';

/** The official package, pointed at a gateway. */
export interface Client {
  readonly messages: InstanceType<typeof ycloud.WhatsappMessagesApi>;
  readonly inbound: InstanceType<typeof ycloud.WhatsappInboundMessagesApi>;
  readonly media: InstanceType<typeof ycloud.WhatsappMediaApi>;
  readonly templates: InstanceType<typeof ycloud.WhatsappTemplatesApi>;
  readonly phoneNumbers: InstanceType<typeof ycloud.WhatsappPhoneNumbersApi>;
  readonly businessAccounts: InstanceType<typeof ycloud.WhatsappBusinessAccountsApi>;
  readonly contacts: InstanceType<typeof ycloud.ContactsApi>;
  readonly unsubscribers: InstanceType<typeof ycloud.UnsubscribersApi>;
  readonly webhookEndpoints: InstanceType<typeof ycloud.WebhookEndpointsApi>;
  readonly calling: InstanceType<typeof ycloud.WhatsappCallingApi>;
  readonly flows: InstanceType<typeof ycloud.WhatsappFlowsApi>;
  readonly balance: InstanceType<typeof ycloud.BalanceApi>;
}

/** @param apiKey undefined sends none */
export function clientOf(running: Running, apiKey: string | undefined = running.key): Client {
  const configuration = new ycloud.Configuration({
    ...(apiKey === '' ? {} : { apiKey }),
    basePath: `${running.url}/v2`,
    // A proxy of the machine's has no business between two ends of 127.0.0.1.
    baseOptions: { proxy: false },
    formDataCtor: FormData as never,
  });
  return {
    messages: new ycloud.WhatsappMessagesApi(configuration),
    inbound: new ycloud.WhatsappInboundMessagesApi(configuration),
    media: new ycloud.WhatsappMediaApi(configuration),
    templates: new ycloud.WhatsappTemplatesApi(configuration),
    phoneNumbers: new ycloud.WhatsappPhoneNumbersApi(configuration),
    businessAccounts: new ycloud.WhatsappBusinessAccountsApi(configuration),
    contacts: new ycloud.ContactsApi(configuration),
    unsubscribers: new ycloud.UnsubscribersApi(configuration),
    webhookEndpoints: new ycloud.WebhookEndpointsApi(configuration),
    calling: new ycloud.WhatsappCallingApi(configuration),
    flows: new ycloud.WhatsappFlowsApi(configuration),
    balance: new ycloud.BalanceApi(configuration),
  };
}

interface ErrorBody {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly target?: string;
  readonly requestId: string;
  readonly whatsappApiError?: Readonly<Record<string, unknown>>;
}

/** How a call was refused; it must be in YCloud's shape. */
export async function refusal(calling: Promise<unknown>): Promise<ErrorBody> {
  const reason = await calling.then(
    () => {
      throw new Error('it was accepted');
    },
    (error: unknown) => error,
  );
  const { response } = reason as {
    response?: { status: number; headers: Record<string, string>; data: { error: ErrorBody } };
  };
  if (response === undefined) throw reason;
  const { error } = response.data;
  expect(error).toMatchObject({ status: response.status, code: expect.stringMatching(/^[A-Z_]+$/) });
  expect(error.message).not.toBe('');
  expect(error.requestId).toMatch(/^req_[0-9a-f]+$/);
  expect(error.requestId).toBe(response.headers['ycloud-request-id']);
  return error;
}

/** The same in one line: status, code, target. */
export async function refused(calling: Promise<unknown>): Promise<string> {
  const { status, code, target } = await refusal(calling);
  return `${status} ${code}${target === undefined ? '' : ` ${target}`}`;
}

/** What the simulated network was asked to send to a phone, as Meta's own requests. */
export async function messagesOn(running: Running, phone: string): Promise<Record<string, unknown>[]> {
  const { body } = await call<{ data: Record<string, unknown>[] }>(
    'GET',
    `${running.sandboxUrl}/sandbox/phones/${encodeURIComponent(phone)}/messages`,
  );
  return body.data ?? [];
}
