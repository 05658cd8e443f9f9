import type { Money } from './rich/rich.ts';

/** An amount as people write it: "₹110.00"; a currency that is none is written beside the number. */
export function moneyText({ value, offset }: Money, currency: string): string {
  const amount = value / (offset > 0 ? offset : 100);
  try {
    return new Intl.NumberFormat(undefined, { style: 'currency', currency }).format(amount);
  } catch {
    return `${amount.toFixed(2)} ${currency}`.trim();
  }
}
