/** Country codes of one and two digits (ITU-T E.164, annex to the list of 2016); every other has three. */
const SHORT_CODES = new Set(
  (
    '1 7 20 27 30 31 32 33 34 36 39 40 41 43 44 45 46 47 48 49 51 52 53 54 55 56 57 58 60 61 62 63 64 65 66 ' +
    '81 82 84 86 90 91 92 93 94 95 98'
  ).split(' '),
);

/** The country code of an E.164 number, as digits: `+4915…` → `49`. */
export function countryCode(e164: string): string {
  for (const length of [1, 2]) {
    const code = e164.slice(1, 1 + length);
    if (SHORT_CODES.has(code)) return code;
  }
  return e164.slice(1, 4);
}

/**
 * A recipient as Meta reads it: spaces, brackets, dots and hyphens do not matter; without a `+` the country
 * code of the sender is put before digits that do not start with it, and the message may reach a stranger.
 * Undefined when it is no number.
 */
export function recipientNumber(written: string, sender: string): string | undefined {
  const bare = /^\+?\d+$/.test(written) ? written : written.replace(/[\s().-]/g, '');
  if (bare.startsWith('+')) return isE164(bare) ? bare : undefined;
  const code = countryCode(sender);
  const whole = bare.startsWith(code) ? `+${bare}` : `+${code}${bare}`;
  return isE164(whole) ? whole : undefined;
}

/**
 * The form of a number under which WhatsApp has its account, where people write two: in Brazil without the ninth digit of
 * mobile numbers, in Mexico without the 1 after the country code.
 */
export function accountNumber(e164: string): string {
  if (e164.startsWith('+55')) return e164.replace(/^(\+55\d{2})9(\d{8})$/, '$1$2');
  return e164.startsWith('+521') ? e164.replace(/^\+521(\d{10})$/, '+52$1') : e164;
}

export function isE164(text: string): boolean {
  return /^\+[1-9]\d{6,14}$/.test(text);
}

/** As Meta prints a number for people: `+1 555-000-1000`. */
export function displayNumber(e164: string): string {
  const code = countryCode(e164);
  const rest = e164.slice(1 + code.length);
  if (code === '1' && rest.length === 10) {
    return `+1 ${rest.slice(0, 3)}-${rest.slice(3, 6)}-${rest.slice(6)}`;
  }
  return `+${code} ${rest}`;
}
