import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isFields } from '../checks.ts';
import { nameOf } from '../names.ts';
import { accountNumber, isE164 } from '../number.ts';
import type { Network } from '../parts.ts';
import { userIdOf } from '../people.ts';
import type { Phone, Profile } from '../phones.ts';
import { phoneMessage } from '../render.ts';
import { tellPreference, write } from './inbound.ts';
import { Problem } from './problem.ts';

type PhoneRequest = FastifyRequest<{ Params: { number: string }; Body: unknown }>;

/** The phones: what they have got, and what their owners do. */
export function phoneRoutes(server: FastifyInstance, network: Network): void {
  const { phones, media } = network;

  server.get('/phones', () => ({
    data: phones.all().map(({ number, name, unread, messages }) => {
      const last = messages.at(-1);
      return { phone: number, name, unread, last: last === undefined ? null : phoneMessage(last, media) };
    }),
  }));

  server.get('/phones/:number', (request: PhoneRequest) => {
    const number = numberIn(request);
    return profileShown(number, phones.get(number));
  });

  server.post('/phones/:number/profile', (request: PhoneRequest) => {
    const number = numberIn(request);
    const { profile, marketing } = readProfile(request.body);
    const noMarketing = marketing === undefined ? {} : { noMarketing: marketing === 'stop' };
    const phone = phones.change(number, { ...profile, ...noMarketing });
    if (marketing !== undefined) tellPreference(phone, marketing, network);
    return profileShown(number, phone);
  });

  server.get('/phones/:number/messages', (request: PhoneRequest) => ({
    data: (phones.get(numberIn(request))?.messages ?? []).map(message => phoneMessage(message, media)),
    next: null,
  }));

  server.post('/phones/:number/messages', async (request: PhoneRequest, reply) => {
    const origin = `${request.protocol}://${request.host}`;
    const message = await write(numberIn(request), request.body, origin, network);
    return reply.code(201).send(phoneMessage(message, media));
  });

  server.post('/phones/:number/read', (request: PhoneRequest) => {
    const phone = phones.get(numberIn(request));
    return { read: phone === undefined ? 0 : network.statuses.read(phone) };
  });
}

function numberIn(request: PhoneRequest): string {
  const { number } = request.params;
  if (!isE164(number))
    throw new Problem(400, `"${number}" is not a phone number in E.164, such as +15550001234.`);
  return accountNumber(number);
}

function profileShown(number: string, phone: Phone | undefined): Record<string, unknown> {
  return {
    phone: number,
    name: phone?.name ?? nameOf(number),
    ...(phone?.username !== undefined && { username: phone.username }),
    user_id: userIdOf(number),
    hide_number: phone?.hidesNumber ?? false,
    marketing: phone?.noMarketing ? 'stop' : 'resume',
    unreachable: phone?.unreachable ?? false,
  };
}

function readProfile(body: unknown): { profile: Profile; marketing: 'stop' | 'resume' | undefined } {
  if (!isFields(body)) throw new Problem(400, 'The body must be a JSON object.');
  const { name, username, hide_number, marketing, unreachable, ...others } = body;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new Problem(400, `A profile has no "${unknown}".`);
  if (name !== undefined && (typeof name !== 'string' || name === '')) {
    throw new Problem(400, '"name" must be a text that is not empty.');
  }
  if (username !== undefined && typeof username !== 'string') {
    throw new Problem(400, '"username" must be a text; an empty one takes it away.');
  }
  for (const [field, value] of Object.entries({ hide_number, unreachable })) {
    if (value !== undefined && typeof value !== 'boolean') {
      throw new Problem(400, `"${field}" must be true or false.`);
    }
  }
  if (marketing !== undefined && marketing !== 'stop' && marketing !== 'resume') {
    throw new Problem(400, '"marketing" must be "stop" or "resume".');
  }
  return {
    profile: {
      ...(name !== undefined && { name }),
      ...(username !== undefined && { username: username || undefined }),
      ...(typeof hide_number === 'boolean' && { hidesNumber: hide_number }),
      ...(typeof unreachable === 'boolean' && { unreachable }),
    },
    marketing,
  };
}
