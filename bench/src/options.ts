/** Reads a whole number of the command line, or ends the process with a sentence. */
export function wholeNumber(name: string, text: string | undefined, otherwise: number, least = 1): number {
  const value = text === undefined ? otherwise : Number(text);
  if (Number.isSafeInteger(value) && value >= least) return value;
  process.stderr.write(`${name} must be a whole number, ${least} or more, not "${text}".\n`);
  process.exit(2);
}
