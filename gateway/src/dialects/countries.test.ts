import { expect, test } from 'vitest';
import { countriesOf } from './countries.ts';

test.each([
  ['+15550001000', 'US'],
  ['+14165550100', 'CA'],
  ['+18765550100', 'JM'],
  ['+17875550100', 'PR'],
  ['+79161234567', 'RU'],
  ['+77011234567', 'KZ'],
  ['+4915112345678', 'DE'],
  ['+447911123456', 'GB GG JE IM'],
  ['+390612345678', 'IT VA'],
  ['+420601123456', 'CZ'],
  ['+5511987654321', 'BR'],
  ['+59171234567', 'BO'],
  ['+85291234567', 'HK'],
  ['+919812345678', 'IN'],
  ['+881612345678', ''],
])('%s may be from %s', (phone, countries) => {
  expect(countriesOf(phone).join(' ')).toBe(countries);
});
