import { Type } from 'typebox';
import { SCOPES } from '../accounts/keys.ts';

/** Names are for people; longer ones break their tables. */
export const Name = Type.String({ minLength: 1, maxLength: 200 });

const PHONE = '^\\+[1-9][0-9]{6,14}$';
const META_ID = '^[0-9]{1,32}$';
const SECRET = '^[\\x21-\\x7e]{1,4096}$';

/** What a pattern asks for, as the end of a sentence. */
export const PATTERNS: ReadonlyMap<unknown, string> = new Map([
  [PHONE, 'must be a number in E.164, such as +15550001000'],
  [META_ID, 'must be an id of Meta: digits only'],
  [SECRET, 'must be 1 to 4096 visible ASCII characters'],
]);

export const Phone = Type.String({ pattern: PHONE });

/** They become parts of Graph API paths. */
export const MetaId = Type.String({ pattern: META_ID });

/** They go into headers and signatures. */
export const Secret = Type.String({ pattern: SECRET });

export const Url = Type.String({ minLength: 1, maxLength: 2_048 });

export const Scopes = Type.Array(Type.Enum([...SCOPES]), { minItems: 1, maxItems: SCOPES.length });

export const Policy = Type.Enum(['resend', 'fail']);

/** An object without unknown fields: a misspelt optional field must not go unnoticed. */
export function Exactly<Fields extends Parameters<typeof Type.Object>[0]>(fields: Fields) {
  return Type.Object(fields, { additionalProperties: false });
}

export function Nullable<Schema extends Parameters<typeof Type.Union>[0][number]>(schema: Schema) {
  return Type.Union([schema, Type.Null()]);
}
