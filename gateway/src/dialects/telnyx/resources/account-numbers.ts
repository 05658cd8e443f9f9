import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { Sender } from '../../../accounts/directory.ts';
import { createSender, getSender } from '../../../accounts/senders.ts';
import { isE164 } from '../../../message/phone.ts';
import type { Below } from '../../dialect.ts';
import { speakerOf } from '../../facts.ts';
import { field } from '../../field.ts';
import type { Fault } from '../errors.ts';
import { bothV2, mount, NOTHING } from '../mount.ts';
import { invalid, notFound, refused, refusedByMeta } from '../refused.ts';
import { readBody } from './body.ts';
import { splitNumber } from './calling-code.ts';
import { requestCode, VerificationMethod } from './number-verification.ts';
import { listNumbers } from './numbers.ts';
import { ownAccount } from './own-account.ts';

/** Names are for people; Meta has rules of its own for what a name may say. */
const NAME_MAX = 255;

/** More numbers than an account may have (Meta: 20, after verification more by request). */
const NUMBERS_MAX = 1_000;

const NewNumber = Type.Object({
  phone_number: Type.String(),
  display_name: Type.String({ minLength: 1, maxLength: NAME_MAX }),
  language: Type.Optional(Type.String({ pattern: '^[A-Za-z]{2,3}([_-][A-Za-z]{2,4})?$' })),
  verification_method: VerificationMethod,
});
const NEW = Compile(NewNumber);

/** Numbers of one WhatsApp Business account (telnyx §3, row 18). */
export function accountNumberRoutes(app: FastifyInstance, below: Below): void {
  mount(app, bothV2('/whatsapp/business_accounts/:id/phone_numbers'), {
    GET: [
      'read',
      async asked => {
        const { wabaId } = await ownAccount(below, asked.workspaceId, asked.params.id);
        return listNumbers(below, asked, { wabaId });
      },
    ],
    POST: [
      'admin',
      async ({ workspaceId, params, body }) => {
        const { wabaId } = await ownAccount(below, workspaceId, params.id);
        const input = readBody(NEW, body, rules);
        const speaker = speakerOf(below, workspaceId, wabaId);
        if (speaker === undefined) throw notFound(`WhatsApp Business account ${params.id}`);
        const added = await addNumber(below, speaker, input);
        await requestCode(below, added, input.verification_method, input.language);
        return NOTHING;
      },
    ],
  });
}

function rules({ phone_number: phone }: Static<typeof NewNumber>): Fault[] {
  if (isE164(phone)) return [];
  const detail = 'The number must be a plus sign, the country code and the number, digits only.';
  return [{ code: '10016', detail, pointer: '/phone_number' }];
}

/** Adds the number at Meta, unless it is there, and makes it a sender with the account's own token and secret. */
async function addNumber(below: Below, speaker: Sender, input: Static<typeof NewNumber>): Promise<Sender> {
  const { workspaceId, wabaId } = speaker;
  const phone = input.phone_number;
  const standing = below.directory.senderByPhone(workspaceId, phone);
  if (standing?.wabaId === wabaId) return standing;
  const phoneNumberId = (await atMeta(below, speaker, phone)) ?? (await create(below, speaker, input));
  const like = await getSender(below.store, workspaceId, speaker.id);
  const made = await createSender(
    below.store,
    below.secrets,
    {
      workspaceId,
      phoneNumber: phone,
      phoneNumberId,
      wabaId,
      accessToken: speaker.accessToken,
      appSecret: speaker.appSecret,
      verifyToken: speaker.verifyToken,
      displayName: input.display_name,
      appId: like?.appId,
      graphUrl: speaker.graphUrl,
    },
    below.clock.now(),
  );
  if ('kind' in made) throw invalid({ code: '10015', detail: made.detail, pointer: '/phone_number' });
  await below.directory.refresh();
  await below.sendersChanged();
  const sender = below.directory.senderById(made.id);
  if (sender === undefined) throw notFound(`WhatsApp number ${phone}`);
  return sender;
}

/** The id of a number that the account has at Meta already: an earlier request may have come only so far. */
async function atMeta(below: Below, speaker: Sender, phone: string): Promise<string | undefined> {
  const path = `/${speaker.wabaId}/phone_numbers?fields=id,display_phone_number&limit=${NUMBERS_MAX}`;
  const answer = await below.graph(speaker, 'GET', path);
  if (answer.kind === 'failed') throw refusedByMeta(answer.failure);
  const data = field(answer.body, 'data');
  const nodes: unknown[] = Array.isArray(data) ? data : [];
  const display = (node: unknown): string => String(field(node, 'display_phone_number'));
  return idIn(nodes.find(node => `+${display(node).replaceAll(/\D/g, '')}` === phone));
}

async function create(below: Below, speaker: Sender, input: Static<typeof NewNumber>): Promise<string> {
  const { cc, rest } = splitNumber(input.phone_number);
  const answer = await below.graph(speaker, 'POST', `/${speaker.wabaId}/phone_numbers`, {
    cc,
    phone_number: rest,
    verified_name: input.display_name,
  });
  if (answer.kind === 'failed') throw refusedByMeta(answer.failure);
  const id = idIn(answer.body);
  if (id !== undefined) return id;
  throw refused(503, {
    code: '10037',
    detail: 'WhatsApp took the number and did not say its id. Ask again.',
  });
}

/** Ids become parts of paths. */
function idIn(node: unknown): string | undefined {
  const id = field(node, 'id');
  return typeof id === 'string' && /^\d{1,32}$/.test(id) ? id : undefined;
}
