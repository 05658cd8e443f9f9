import type { Findings } from './findings.ts';

/** Says what is wrong with one value. Never throws, whatever the value is, and costs no more than its known parts. */
export type Rule = (value: unknown, found: Findings) => void;

/** A rule about several fields of an object; each of them may be anything. */
export type ObjectRule = (value: Fields, found: Findings) => void;
export type Fields = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A field of whatever there is. */
export function field(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

/** The entries of a list, at most `max` of them: for rules that compare entries, which must not cost more. */
export function entries(value: unknown, max: number): readonly unknown[] {
  return Array.isArray(value) ? value.slice(0, max) : [];
}

interface Bounds {
  readonly min?: number;
  readonly max?: number;
}

/** Text of `min` (1 unless given) to `max` characters; characters are code points. */
export function text({ min = 1, max = Number.POSITIVE_INFINITY }: Bounds = {}): Rule {
  return (value, found) => {
    if (typeof value !== 'string') return found.add('type', 'must be text');
    if (value.length < min) return found.add('length', 'is empty');
    // No text has more characters than UTF-16 units.
    if (value.length <= max) return;
    const length = characters(value);
    if (length > max) found.add('length', `has ${length} characters; at most ${max} are taken`);
  };
}

function characters(value: string): number {
  let pairs = 0;
  for (let at = 0; at < value.length; at++) {
    // The second unit of a pair; a half without its other half is one character.
    const unit = value.charCodeAt(at);
    if (unit < 0xdc00 || unit > 0xdfff || at === 0) continue;
    const before = value.charCodeAt(at - 1);
    if (before >= 0xd800 && before <= 0xdbff) pairs++;
  }
  return value.length - pairs;
}

/** Text of a form; what it must look like completes "must be …". */
export function matching(form: RegExp, like: string, bounds: Bounds = {}): Rule {
  const sized = text(bounds);
  return (value, found) => {
    const before = found.faults.length;
    sized(value, found);
    if (found.faults.length > before) return;
    if (!form.test(value as string)) found.add('pattern', `must be ${like}`);
  };
}

/** Meta takes `http` and `https` and fetches it itself; nothing here does. */
export const address: Rule = matching(/^https?:\/\/./i, 'an address that starts with http:// or https://');

export const flag: Rule = (value, found) => {
  if (typeof value !== 'boolean') found.add('type', 'must be true or false');
};

export function integer({ min = -Number.MAX_VALUE, max = Number.MAX_VALUE }: Bounds = {}): Rule {
  return (value, found) => {
    if (!Number.isInteger(value)) return found.add('type', 'must be an integer');
    inRange(value as number, min, max, found);
  };
}

/** Meta's samples write such numbers as numbers, its OpenAPI file as text. */
export function decimal(min: number, max: number): Rule {
  return (value, found) => {
    if (typeof value === 'number') return inRange(value, min, max, found);
    if (typeof value !== 'string') return found.add('type', 'must be a number');
    if (!/^[+-]?\d+(?:\.\d*)?$/.test(value.trim())) return found.add('pattern', 'must be a decimal number');
    inRange(Number(value), min, max, found);
  };
}

export function inRange(value: number, min: number, max: number, found: Findings): void {
  if (value >= min && value <= max) return;
  found.add('range', max === Number.MAX_VALUE ? `must be at least ${min}` : `must be from ${min} to ${max}`);
}

export function oneOf(words: readonly string[]): Rule {
  return (value, found) => {
    if (typeof value !== 'string') return found.add('type', 'must be text');
    if (!words.includes(value))
      found.add('enum', `must be ${words.length === 1 ? '' : 'one of '}${words.join(', ')}`);
  };
}

/** A field that this kind of message does not have: what is written there would never be seen. */
export function refused(why: string): Rule {
  return (_, found) => found.add('unsupported', why);
}

export const record: Rule = (value, found) => {
  if (!isObject(value)) found.add('type', 'must be an object');
};

/** An object whose fields have one rule, or one of their own. */
export function recordOf(rule: Rule, own: Readonly<Record<string, Rule>> = {}): Rule {
  return (value, found) => {
    if (!isObject(value)) return found.add('type', 'must be an object');
    for (const name of Object.keys(value)) {
      if (found.full) return;
      found.enter(name);
      (Object.hasOwn(own, name) ? own[name]! : rule)(value[name], found);
      found.leave();
    }
  };
}

export function list(item: Rule, { min = 0, max = Number.POSITIVE_INFINITY }: Bounds = {}): Rule {
  return (value, found) => {
    if (!Array.isArray(value)) return found.add('type', 'must be a list');
    const { length } = value;
    if (length < min) found.add('count', `has ${length} entries; at least ${min} are needed`);
    if (length > max) found.add('count', `has ${length} entries; at most ${max} are taken`);
    for (let at = 0; at < length && at < max; at++) {
      if (found.full) return;
      found.enter(at);
      item(value[at], found);
      found.leave();
    }
  };
}

/** A field that may be left out. */
export function maybe(rule: Rule): { readonly maybe: Rule } {
  return { maybe: rule };
}

type Shape = Readonly<Record<string, Rule | { readonly maybe: Rule }>>;

/**
 * An object with these fields, and with any others, which pass as they are.
 *
 * @param also rules about several fields, run when the fields' own have run, whatever they said
 */
export function object(shape: Shape, ...also: readonly ObjectRule[]): Rule {
  const fields = Object.entries(shape).map(([name, rule]) =>
    typeof rule === 'function' ? { name, rule, required: true } : { name, rule: rule.maybe, required: false },
  );
  return (value, found) => {
    if (!isObject(value)) return found.add('type', 'must be an object');
    for (const { name, rule, required } of fields) {
      const inner = value[name];
      if (inner === undefined) {
        if (required) found.add('missing', 'is required', name);
        continue;
      }
      found.enter(name);
      rule(inner, found);
      found.leave();
      if (found.full) return;
    }
    for (const rule of also) rule(value, found);
  };
}

/** Exactly one of two fields, or at least one. */
export function either(one: string, other: string, also: 'not both' | 'or both'): ObjectRule {
  return (value, found) => {
    const has = [one, other].filter(name => value[name] !== undefined);
    if (has.length === 0) found.add('missing', `needs ${one} or ${other}`);
    if (has.length === 2 && also === 'not both') found.add('exclusive', `takes ${one} or ${other}, not both`);
  };
}

/** A text that comes a second time among others, and where. */
export interface Named {
  readonly at: readonly (string | number)[];
  readonly name: unknown;
}

export function noRepeats(named: Iterable<Named>, found: Findings): void {
  const seen = new Set<unknown>();
  for (const { at, name } of named) {
    if (name === undefined) continue;
    if (seen.has(name)) found.add('duplicate', 'is used twice', ...at);
    seen.add(name);
  }
}
