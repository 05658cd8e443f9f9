/** A receiver's name stands in its address. */
export function isReceiverName(name: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name);
}

export const NAME_RULE =
  'A receiver has a name of at most 64 letters, digits, dots, dashes and underscores, a letter or digit first.';
