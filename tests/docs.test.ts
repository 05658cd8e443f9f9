import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PAGES } from '../docs/make.ts';

test.each(Object.entries(PAGES))('%s is as its code makes it: npm run docs', (name, make) => {
  expect(readFileSync(join(import.meta.dirname, '../docs', name), 'utf8')).toBe(make());
});
