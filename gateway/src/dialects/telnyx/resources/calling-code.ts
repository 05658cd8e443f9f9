/** ITU-T E.164 country codes of one and two digits; all others have three. No code is the beginning of another. */
const SHORT = /^(?:1|7|2[07]|3[0-46]|39|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58])/;

/** A number in E.164 as Meta takes a new one: its country's code, and the rest. */
export function splitNumber(phone: string): { readonly cc: string; readonly rest: string } {
  const digits = phone.slice(1);
  const cc = SHORT.exec(digits)?.[0] ?? digits.slice(0, 3);
  return { cc, rest: digits.slice(cc.length) };
}
