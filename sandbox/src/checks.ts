import type { Refusal } from './graph/errors.ts';

export type Fields = Record<string, unknown>;

export const missing = (parameter: string): Refusal => ({
  code: 131008,
  details: `The parameter ${parameter} is required.`,
});
export const invalid = (details: string): Refusal => ({ code: 131009, details });
export const unreadable = (parameter: string, form: string): Refusal => ({
  code: 100,
  message: `(#100) Param ${parameter} must be ${form}.`,
  details: `Param ${parameter} must be ${form}.`,
});

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isRefusal(value: object): value is Refusal {
  return 'code' in value;
}

export function whenFields(
  parameter: string,
  value: unknown,
  check: (fields: Fields) => Refusal | undefined,
): Refusal | undefined {
  if (value === undefined) return missing(parameter);
  return isFields(value) ? check(value) : unreadable(parameter, 'a JSON object');
}

/** A string with at least one character, at most `max` of them. */
export function checkString(parameter: string, value: unknown, max: number): Refusal | undefined {
  if (value === undefined || value === '') return missing(parameter);
  if (typeof value !== 'string') return unreadable(parameter, 'a string');
  if (!value.isWellFormed()) return unreadable(parameter, 'well-formed Unicode');
  // Counted in code points: an emoji is one character. Only a text near the limit is worth the count.
  if (value.length > max && [...value].length > max) {
    return invalid(`${parameter} is longer than ${max} characters.`);
  }
  return undefined;
}

/** Every item of an array of objects; a refusal about its length goes first. */
export function checkItems(
  name: string,
  items: unknown,
  most: number,
  check: (item: Fields, name: string, index: number) => Refusal | undefined,
): Refusal | undefined {
  if (items === undefined) return missing(name);
  if (!Array.isArray(items)) return unreadable(name, 'an array');
  if (items.length === 0) return missing(`${name}[0]`);
  if (items.length > most) return invalid(`${name} has more than ${most} items.`);
  for (const [i, item] of items.entries()) {
    const wrong = whenFields(`${name}[${i}]`, item, fields => check(fields, `${name}[${i}]`, i));
    if (wrong !== undefined) return wrong;
  }
  return undefined;
}
