import { addressOf, type Fields, fieldsOf, listOf, textOf } from '../fields.ts';

export interface Detail {
  label: string;
  text: string;
  href?: string;
}

/** A contact as a card shows it. */
export interface Person {
  name: string;
  /** Job and company, or the first number. */
  about?: string;
  details: Detail[];
}

/** The people of a `contacts` message; none of their fields is certain to be there. */
export function readPeople(content: unknown): Person[] {
  return listOf(content).map(readPerson);
}

function readPerson(contact: Fields): Person {
  const details = [
    ...phones(contact),
    ...emails(contact),
    ...webAddresses(contact),
    ...addresses(contact),
    ...birthday(contact),
  ];
  const name = fieldsOf(contact.name);
  const org = fieldsOf(contact.org);
  const job = joined([org.title, org.department, org.company], ', ');
  return {
    name:
      textOf(name.formatted_name) ??
      joined([name.prefix, name.first_name, name.middle_name, name.last_name, name.suffix], ' ') ??
      details[0]?.text ??
      'Contact without a name',
    about: job ?? details[0]?.text,
    details: job === undefined ? details : [{ label: 'Work', text: job }, ...details],
  };
}

function joined(parts: unknown[], by: string): string | undefined {
  const texts = parts.flatMap(part => textOf(part) ?? []);
  return texts.length === 0 ? undefined : texts.join(by);
}

function phones(contact: Fields): Detail[] {
  return listOf(contact.phones).flatMap(({ phone, wa_id, type }) => {
    const text = textOf(phone) ?? textOf(wa_id);
    if (text === undefined) return [];
    return [{ label: labelOf(type, 'Phone'), text, href: `tel:${text.replace(/[^+\d]/g, '')}` }];
  });
}

function emails(contact: Fields): Detail[] {
  return listOf(contact.emails).flatMap(({ email, type }) => {
    const text = textOf(email);
    return text === undefined ? [] : [{ label: labelOf(type, 'Mail'), text, href: `mailto:${text}` }];
  });
}

function webAddresses(contact: Fields): Detail[] {
  return listOf(contact.urls).flatMap(({ url, type }) => {
    const text = textOf(url);
    return text === undefined ? [] : [{ label: labelOf(type, 'Web'), text, href: addressOf(url) }];
  });
}

function addresses(contact: Fields): Detail[] {
  return listOf(contact.addresses).flatMap(({ street, city, state, zip, country, country_code, type }) => {
    const text = joined([street, city, state, zip, country ?? country_code], ', ');
    return text === undefined ? [] : [{ label: labelOf(type, 'Address'), text }];
  });
}

function birthday(contact: Fields): Detail[] {
  const text = textOf(contact.birthday);
  return text === undefined ? [] : [{ label: 'Birthday', text }];
}

/** `CELL` as "Cell". */
function labelOf(type: unknown, otherwise: string): string {
  const text = textOf(type);
  return text === undefined ? otherwise : text.charAt(0).toUpperCase() + text.slice(1).toLowerCase();
}
