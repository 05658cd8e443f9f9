import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { metaOf, type PageAsked, pageOf, readPage, sliceOf } from './paging.ts';

const asked = (query: Record<string, string>): PageAsked => {
  const page = readPage(query);
  if (!('number' in page)) throw new Error('it was refused');
  return page;
};

test('without a word it is the first page of 20', () => {
  expect(asked({})).toEqual({ number: 1, size: 20 });
});

test.each([
  [{ 'page[size]': '1' }, { number: 1, size: 1 }],
  [
    { 'page[size]': '250', 'page[number]': '7' },
    { number: 7, size: 250 },
  ],
])('%j is taken', (query, page) => {
  expect(asked(query)).toEqual(page);
});

test.each([
  ['page[size]', '0'],
  ['page[size]', '251'],
  ['page[size]', '-1'],
  ['page[size]', '1.5'],
  ['page[size]', ''],
  ['page[size]', 'ten'],
  ['page[number]', '0'],
  ['page[number]', '100001'],
  ['page[number]', '99999999999999999999'],
])('%s=%s is refused with its parameter', (parameter, value) => {
  expect(readPage({ [parameter]: value })).toMatchObject([{ code: '10033', parameter }]);
});

describe('the pages of a list', () => {
  test('give each row once and in order, and say how many pages there are', () => {
    fc.assert(
      fc.property(fc.array(fc.integer(), { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), (rows, size) => {
        const seen: number[] = [];
        let pages = 1;
        for (let number = 1; number <= pages; number++) {
          const page = { number, size };
          const slice = pageOf(rows, sliceOf(page));
          const meta = metaOf(page, slice.total);
          pages = meta.total_pages;
          expect(meta).toMatchObject({ page_number: number, page_size: size, total_results: rows.length });
          seen.push(...slice.rows);
        }
        expect(seen).toEqual(rows);
      }),
    );
  });

  test('past the end are empty', () => {
    expect(pageOf([1, 2], sliceOf({ number: 3, size: 1 }))).toEqual({ rows: [], total: 2 });
  });
});
