/** E.164: a plus, a country code that does not begin with 0, at most 15 digits. */
const E164 = /^\+[1-9]\d{6,14}$/;

/** A typed number in E.164, or undefined. Spaces, dots, dashes, brackets and a leading 00 are how people write them. */
export function toE164(typed: string): string | undefined {
  const bare = typed.replace(/[\s().\-/\u200e\u202a\u202c]/g, '').replace(/^00/, '+');
  const number = bare.startsWith('+') ? bare : `+${bare}`;
  return E164.test(number) ? number : undefined;
}
