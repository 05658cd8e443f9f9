import type { FastifyInstance } from 'fastify';
import { isE164 } from '../../../message/phone.ts';
import type { Attribute, Contact, ContactChange, Taken } from '../../../recipients/contacts.ts';
import { countriesOf } from '../../countries.ts';
import type { Below } from '../../dialect.ts';
import { field, isObject } from '../../field.ts';
import { mount } from '../mount.ts';
import { pageOf, readPage } from '../paging.ts';
import { invalid, notFound, refused } from '../refused.ts';
import { time } from '../translate.ts';

/** ycloud §9, "Contact". */
const TEXT_MAX = 250;
const TAGS_MAX = 50;
const TAG_MAX = 50;

/** Attributes of one contact; YCloud gives no number. */
const ATTRIBUTES_MAX = 100;

/** People as the workspace keeps them (ycloud §2). */
export function contactRoutes(app: FastifyInstance, below: Below): void {
  const { contacts } = below;
  const show = (contact: Contact): object => shown(contact, below);

  mount(app, '/contact/contacts', {
    GET: [
      'read',
      async ({ workspaceId, query }) => {
        const page = readPage(query);
        const phone = query['filter.phoneNumber'];
        const filter = {
          tags: query['filter.tags']?.split(',').map(tag => tag.trim()),
          countryCode: query['filter.countryCode'],
          phone: phone === undefined ? undefined : plain(phone),
          email: query['filter.email'],
        };
        return pageOf(page, await contacts.slice(workspaceId, filter, page), show);
      },
    ],
    POST: [
      'send',
      async ({ workspaceId, body }) => {
        const phone = phoneIn(body);
        if (phone === undefined)
          throw invalid('phoneNumber', "Parameter 'phoneNumber' is required.", 'PARAM_MISSING');
        return show(free(await contacts.create(workspaceId, { ...changeIn(body), phone })));
      },
    ],
  });

  // Before `{id}`, which it would be otherwise.
  mount(app, '/contact/contacts/attributes', {
    GET: [
      'read',
      async ({ workspaceId }) =>
        (await contacts.attributes(workspaceId)).map(({ name, values }) => ({
          id: name,
          name,
          key: name,
          type: 'text',
          values,
        })),
    ],
  });

  mount(app, '/contact/contacts/:id', {
    GET: ['read', async ({ workspaceId, params }) => show(await own(below, workspaceId, params.id))],
    PATCH: [
      'send',
      async ({ workspaceId, params, body }) => {
        const { id } = await own(below, workspaceId, params.id);
        const phone = phoneIn(body);
        const changed = await contacts.change(workspaceId, id, {
          ...changeIn(body),
          ...(phone === undefined ? {} : { phone }),
        });
        if (changed === undefined) throw notFound('Contact');
        return show(free(changed));
      },
    ],
    DELETE: [
      'send',
      async ({ workspaceId, params }) => {
        const { id } = await own(below, workspaceId, params.id);
        const removed = await contacts.remove(workspaceId, id);
        if (removed === undefined) throw notFound('Contact');
        return show(removed);
      },
    ],
  });
}

async function own({ contacts }: Below, workspaceId: string, id = ''): Promise<Contact> {
  const contact = await contacts.find(workspaceId, plain(id));
  if (contact === undefined) throw notFound('Contact');
  return contact;
}

/** @throws Refused when another contact has the number or the address */
function free(outcome: Contact | Taken): Contact {
  if (!('taken' in outcome)) return outcome;
  const target = outcome.taken === 'email' ? 'email' : 'phoneNumber';
  const message = `There is a contact with this ${target} already.`;
  throw refused({ status: 409, code: 'ALREADY_EXISTS', message, target });
}

function phoneIn(body: unknown): string | undefined {
  const phone = field(body, 'phoneNumber') ?? undefined;
  if (phone === undefined) return undefined;
  if (typeof phone === 'string' && isE164(plain(phone))) return plain(phone);
  throw invalid('phoneNumber', "Parameter 'phoneNumber' should be in E.164 format.");
}

function changeIn(body: unknown): ContactChange {
  return {
    nickname: textIn(body, 'nickname'),
    countryCode: textIn(body, 'countryCode'),
    email: textIn(body, 'email'),
    ownerEmail: textIn(body, 'ownerEmail'),
    tags: tagsIn(body),
    attributes: attributesIn(body),
  };
}

function textIn(body: unknown, name: string): string | null | undefined {
  const value = field(body, name);
  if (value === undefined || value === null) return value;
  // What is left empty is not there.
  if (value === '') return null;
  if (typeof value !== 'string') throw invalid(name, `Parameter '${name}' should be text.`);
  if ([...value].length > TEXT_MAX)
    throw invalid(name, `Parameter '${name}' has more than ${TEXT_MAX} characters.`, 'PARAM_INVALID_LENGTH');
  return value;
}

function tagsIn(body: unknown): string[] | undefined {
  const tags = field(body, 'tags') ?? undefined;
  if (tags === undefined) return undefined;
  if (!Array.isArray(tags) || !tags.every(tag => typeof tag === 'string'))
    throw invalid('tags', "Parameter 'tags' should be a list of texts.");
  if (tags.length > TAGS_MAX || tags.some(tag => [...tag].length > TAG_MAX))
    throw invalid(
      'tags',
      `At most ${TAGS_MAX} tags of ${TAG_MAX} characters are taken.`,
      'PARAM_INVALID_LENGTH',
    );
  return [...new Set(tags)];
}

/** A list that is not null takes the place of all (ycloud §9). */
function attributesIn(body: unknown): Attribute[] | undefined {
  const given = field(body, 'customAttributes') ?? undefined;
  if (given === undefined) return undefined;
  const said = (message: string) => invalid('customAttributes', message);
  if (!Array.isArray(given)) throw said("Parameter 'customAttributes' should be a list of names and values.");
  if (given.length > ATTRIBUTES_MAX) throw said(`At most ${ATTRIBUTES_MAX} attributes are taken.`);
  return given.map((one: unknown) => {
    const { name, value } = isObject(one) ? one : {};
    if (typeof name !== 'string' || name === '' || (typeof value !== 'string' && typeof value !== 'number'))
      throw said('Each attribute needs a name and a value.');
    return { name, value: String(value) };
  });
}

/** A plus sign that was not written as %2B arrives as a space. */
function plain(phone: string): string {
  return phone.replace(/^ (?=\d)/, '+').replaceAll(' ', '');
}

/** In English, as YCloud has them. */
const COUNTRY_NAMES = new Intl.DisplayNames('en', { type: 'region' });

function shown(contact: Contact, { directory }: Below): object {
  const country = contact.countryCode ?? countriesOf(contact.phone)[0];
  const lastNumber =
    contact.lastSenderId === undefined ? undefined : directory.senderById(contact.lastSenderId)?.phoneNumber;
  return {
    id: contact.id,
    ...(contact.nickname === undefined ? {} : { nickname: contact.nickname }),
    phoneNumber: contact.phone,
    ...(country === undefined ? {} : { countryCode: country, ...nameOf(country) }),
    ...(contact.email === undefined ? {} : { email: contact.email }),
    ...(contact.ownerEmail === undefined ? {} : { ownerEmail: contact.ownerEmail }),
    tags: contact.tags,
    customAttributes: contact.attributes,
    ...(contact.lastSeen === undefined ? {} : { lastSeen: time(contact.lastSeen) }),
    ...(lastNumber === undefined ? {} : { lastMessageToPhoneNumber: lastNumber }),
    createTime: time(contact.createdAt),
    sourceType: 'API',
  };
}

function nameOf(country: string): object {
  return /^[A-Z]{2}$/.test(country) ? { countryName: COUNTRY_NAMES.of(country) } : {};
}
