import { countryCode, isE164 } from './number.ts';

/** Countries by their calling codes, for the beginning of a user id; where several share a code, the largest. */
const COUNTRIES: Record<string, string> = {
  1: 'US',
  20: 'EG',
  27: 'ZA',
  31: 'NL',
  33: 'FR',
  34: 'ES',
  39: 'IT',
  44: 'GB',
  49: 'DE',
  52: 'MX',
  54: 'AR',
  55: 'BR',
  57: 'CO',
  62: 'ID',
  91: 'IN',
  234: 'NG',
  254: 'KE',
};
/** ISO 3166 leaves this one to its users. */
const OTHER_COUNTRY = 'XA';

const MODULUS = 10n ** 18n;
/** Has no divisor in common with the modulus, so that each number has one id and each id one number. */
const FACTOR = 736_493_871_365_729_173n;
const INVERSE = inverseOf(FACTOR);

/**
 * The business-scoped user id of whoever has a number: country code, dot, digits (meta-cloud-api §5.4). Made from the
 * number alone, so that the network needs to remember none; a person with a new number has a new one, as at Meta.
 */
export function userIdOf(e164: string): string {
  const country = COUNTRIES[countryCode(e164)] ?? OTHER_COUNTRY;
  const digits = (BigInt(e164.slice(1)) * FACTOR) % MODULUS;
  return `${country}.${digits.toString().padStart(18, '0')}`;
}

/** The number behind a user id; undefined when nobody has it. */
export function numberOfUser(userId: string): string | undefined {
  const digits = /^[A-Z]{2}\.(\d{18})$/.exec(userId)?.[1];
  if (digits === undefined) return undefined;
  const number = `+${(BigInt(digits) * INVERSE) % MODULUS}`;
  return isE164(number) && userIdOf(number) === userId ? number : undefined;
}

/** Euler: the inverse is the power of φ − 1, and φ(10^18) is 4 · 10^17. */
function inverseOf(factor: bigint): bigint {
  let result = 1n;
  let base = factor;
  for (let power = 4n * 10n ** 17n - 1n; power > 0n; power /= 2n) {
    if (power % 2n === 1n) result = (result * base) % MODULUS;
    base = (base * base) % MODULUS;
  }
  return result;
}
