/** ITU-T E.164: a plus sign and 7 to 15 digits, no leading zero. Shape only: stricter checks refuse real numbers. */
const E164 = /^\+[1-9]\d{6,14}$/;

/** A business-scoped user id: country code, dot, and up to 128 letters and digits (meta-cloud-api §2). */
const BSUID = /^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$/;

export function isE164(text: string): boolean {
  return E164.test(text);
}

/** True for a person's id that stands in the place of a phone number. */
export function isBsuid(text: string): boolean {
  return BSUID.test(text);
}

/**
 * One spelling for numbers that WhatsApp knows under two: Brazil's mobile numbers with and without the ninth digit,
 * Mexico's with and without the 1 after the country code. For comparing only; messages go to the number as given.
 *
 * @param phone E.164
 */
export function canonicalPhone(phone: string): string {
  const brazil = /^\+55([1-9]\d)9([6-9]\d{7})$/.exec(phone);
  if (brazil !== null) return `+55${brazil[1]}${brazil[2]}`;
  const mexico = /^\+521(\d{10})$/.exec(phone);
  if (mexico !== null) return `+52${mexico[1]}`;
  return phone;
}

/** A recipient as comparisons know it: a phone number in its one spelling, or a person's id as it is. */
export function canonicalRecipient(recipient: string): string {
  return recipient.startsWith('+') ? canonicalPhone(recipient) : recipient;
}
