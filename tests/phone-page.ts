import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest';
import { startBrowser, type TestBrowser } from './browser.ts';

const BUILD = fileURLToPath(new URL('../sandbox/web/build.js', import.meta.url));

export const DESKTOP = { width: 1280, height: 800 };
export const TELEPHONE = { width: 390, height: 844 };

/** Opens a page that, unless it is said to complain, may neither complain nor ask for anything from outside. */
export type Open = (url: string, viewport?: typeof DESKTOP, complains?: 'complains') => Promise<Page>;

/** Builds the sandbox's page and starts a browser for the tests of a file. */
export function usePages(): Open {
  let browser: TestBrowser | undefined;
  beforeAll(async () => {
    await promisify(execFile)(process.execPath, [BUILD, '--when-missing']);
    browser = await startBrowser();
  }, 120_000);
  afterAll(() => browser?.close());
  return async (url, viewport = DESKTOP, complains) => {
    if (browser === undefined) throw new Error('A page can be opened only inside a test.');
    const { page, errors, outside } = await browser.open(url, { viewport });
    onTestFinished(async () => {
      await page.context().close();
      if (complains === undefined) expect([...errors, ...outside]).toEqual([]);
    });
    return page;
  };
}

export const pathOf = (phone: string) => `/phones/${encodeURIComponent(phone)}`;

export const chat = (page: Page) => page.getByRole('log', { name: 'Messages' });

export const bubble = (page: Page, words: string) =>
  chat(page).getByRole('listitem').filter({ hasText: words });

/** A phone in the list. */
export const row = (page: Page, phone: string) =>
  page.getByRole('navigation', { name: 'Phones' }).getByRole('link', { name: phone });

/** An expression of the page's own, about one `element` of it. */
export function inPage(element: Locator, expression: string): Promise<unknown> {
  return element.evaluate(new Function('element', `return ${expression}`) as (element: unknown) => unknown);
}
