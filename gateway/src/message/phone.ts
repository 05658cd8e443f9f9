/** ITU-T E.164: a plus sign and 7 to 15 digits, no leading zero. Shape only: stricter checks refuse real numbers. */
const E164 = /^\+[1-9]\d{6,14}$/;

export function isE164(text: string): boolean {
  return E164.test(text);
}

/** For logs: country part and the last two digits, never the whole number. */
export function maskedPhone(phone: string): string {
  return phone.length <= 6 ? '…' : `${phone.slice(0, 4)}…${phone.slice(-2)}`;
}
