/** Writes the pages that are made from code; `docs/pages.test.ts` says when one is not current. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorPage } from '../gateway/src/carriers/whatsapp/error-page.ts';

export const PAGES: Readonly<Record<string, () => string>> = { 'errors.md': errorPage };

if (import.meta.main)
  for (const [name, make] of Object.entries(PAGES)) writeFileSync(join(import.meta.dirname, name), make());
