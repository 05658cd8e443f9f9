import { Type } from 'typebox';
import type { TLocalizedValidationError } from 'typebox/error';
import type { Fault } from '../errors.ts';
import { invalid } from '../refused.ts';
import { shapeFaults } from '../shape.ts';

/** Typed clients write `null` for what they leave out or take away. */
export const OptionalText = Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'] }));

interface Validator<Body> {
  readonly Check: (value: unknown) => value is Body;
  readonly Errors: (value: unknown) => TLocalizedValidationError[];
}

/**
 * Reads a body.
 *
 * @param rules what a schema cannot say; asked when the shape is right
 * @throws Refused with everything that is wrong
 */
export function readBody<Body>(
  validator: Validator<Body>,
  body: unknown,
  rules: (body: Body) => readonly Fault[] = () => [],
): Body {
  if (!validator.Check(body)) throw invalid(...shapeFaults(validator.Errors(body)));
  const faults = rules(body);
  if (faults.length > 0) throw invalid(...faults);
  return body;
}
