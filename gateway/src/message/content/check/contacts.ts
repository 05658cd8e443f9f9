import { CONTACTS_MAX } from '../../limits.ts';
import { list, matching, maybe, object, type Rule, text } from './rules.ts';

const note = maybe(text({ min: 0 }));

const card = object({
  // Meta's page wants one more part of the name and its OpenAPI file none at all: left to Meta.
  name: object({
    formatted_name: text(),
    first_name: note,
    last_name: note,
    middle_name: note,
    prefix: note,
    suffix: note,
  }),
  phones: maybe(list(object({ phone: note, type: note, wa_id: note }))),
  emails: maybe(list(object({ email: note, type: note }))),
  urls: maybe(list(object({ url: note, type: note }))),
  addresses: maybe(
    list(
      object({
        street: note,
        city: note,
        state: note,
        zip: note,
        country: note,
        country_code: note,
        type: note,
      }),
    ),
  ),
  org: maybe(object({ company: note, department: note, title: note })),
  birthday: maybe(matching(/^\d{4}-\d{2}-\d{2}$/, 'a date like 1985-03-21')),
});

export const contacts: Rule = list(card, { min: 1, max: CONTACTS_MAX });
