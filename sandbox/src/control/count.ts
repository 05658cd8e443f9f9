import { Problem } from './problem.ts';

/** A whole number of a query. Throws a Problem when it is none, or below `least`. */
export function count(name: string, text: string | undefined, otherwise: number, least: number): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new Problem(400, `"${name}" must be a whole number, ${least} or more.`);
  }
  return value;
}
