/** ITU-T E.164: a plus sign and 7 to 15 digits, no leading zero. Shape only: stricter checks refuse real numbers. */
const E164 = /^\+[1-9]\d{6,14}$/;

export function isE164(text: string): boolean {
  return E164.test(text);
}
