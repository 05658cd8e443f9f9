import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Receiver } from '../sandbox/test/receiver.ts';
import { bubble, chat, DESKTOP, inPage, pathOf, row, TELEPHONE, usePages } from './phone-page.ts';
import { PHONE, startSandbox, startWorld, text } from './sandbox-world.ts';

const open = usePages();

const tick = (page: Page, words: string, name: string) => bubble(page, words).getByRole('img', { name });

/** The number that the webhook of a person's message names; statuses come in between. */
const writtenTo = (receiver: Receiver) => receiver.values().find(({ messages }) => messages)?.metadata;

async function write(page: Page, words: string): Promise<void> {
  const field = page.getByRole('textbox', { name: 'Write a message' });
  await field.fill(words);
  await field.press('Enter');
}

describe('the page of phones', () => {
  test('a template and a text appear live, their ticks turn blue, and a reply reaches the business signed', async () => {
    const { url, send, receiver, business } = await startWorld();
    const page = await open(url);
    await page.getByRole('heading', { name: 'No messages yet' }).waitFor();
    await page.evaluate('globalThis.sameDocument = true');

    await send({ type: 'template', template: { name: 'hello_world', language: { code: 'en_US' } } });
    await row(page, PHONE).click();
    await bubble(page, 'Welcome and congratulations!!').waitFor();
    await chat(page).getByText('Template · hello_world · en_US').waitFor();
    await send(text('Your order is on its way'));
    await tick(page, 'Your order is on its way', 'Read').waitFor();
    await tick(page, 'Welcome and congratulations!!', 'Read').waitFor();
    const colour = await inPage(tick(page, 'Your order', 'Read'), 'getComputedStyle(element).color');
    expect(colour).toBe('rgb(22, 118, 210)');

    await write(page, 'Thank you\u{1f44d}');
    await tick(page, 'Thank you', 'Delivered').waitFor();
    await receiver.until(() => receiver.messages().length === 1, 'the reply');
    expect(receiver.messages()[0]).toMatchObject({
      from: PHONE.slice(1),
      type: 'text',
      text: { body: 'Thank you\u{1f44d}' },
    });
    expect(writtenTo(receiver)?.phone_number_id).toBe(business.phone_number_id);
    expect(await page.getByRole('textbox', { name: 'Write a message' }).inputValue()).toBe('');
    expect(await page.evaluate('globalThis.sameDocument')).toBe(true);
  });

  test('a reply to one message quotes it, here and at the business', async () => {
    const { url, send, receiver } = await startWorld();
    const asked = await send(text('Morning or evening?'));
    const page = await open(url + pathOf(PHONE));
    await bubble(page, 'Morning or evening?')
      .getByRole('button', { name: /^Reply to/ })
      .click();
    await write(page, 'Evening');
    await bubble(page, 'Evening')
      .filter({ hasText: 'Morning or evening?' })
      .getByText('Evening', { exact: true })
      .waitFor();
    await receiver.until(() => receiver.messages().length === 1, 'the reply');
    expect(receiver.messages()[0]?.context?.id).toBe(asked);
  });

  test('with automatic reading off, a message is read when its chat is looked at and not before', async () => {
    const { url, send, receiver } = await startWorld(
      '--sent-ms',
      '10',
      '--delivered-ms',
      '20',
      '--read-ms',
      '40',
    );
    const page = await open(url);
    const auto = page.getByRole('switch', { name: 'Phones read by themselves' });
    await auto.click();
    await page.getByText('Off: opening a chat reads it').waitFor();
    const wamid = await send(text('Look at me'));
    await row(page, PHONE).getByText('1 unread').waitFor();
    await receiver.until(() => receiver.statuses(wamid).length === 2, 'sent and delivered');
    expect(
      receiver
        .statuses(wamid)
        .map(({ status }) => status)
        .sort(),
    ).toEqual(['delivered', 'sent']);

    await row(page, PHONE).click();
    await tick(page, 'Look at me', 'Read').waitFor();
    await receiver.until(() => receiver.statuses(wamid).some(({ status }) => status === 'read'), 'read');
    await row(page, PHONE).getByText('unread').waitFor({ state: 'detached' });
    const next = await send(text('And at me'));
    await receiver.until(
      () => receiver.statuses(next).some(({ status }) => status === 'read'),
      'read at once',
    );
  });

  test('a message that failed says with which code and why', async () => {
    const { url, send } = await startWorld();
    await send(text('Never comes'), '+15552131026');
    const page = await open(url + pathOf('+15552131026'));
    await tick(page, 'Never comes', 'Failed').waitFor();
    await bubble(page, 'Never comes').getByText('131026').waitFor();
    await bubble(page, 'Never comes').getByText('Message undeliverable').waitFor();
  });

  test("a text's links can be followed, its marks are drawn, and its markup is only text", async () => {
    const { url, send } = await startWorld();
    await send(text('*Soon*: see https://example.com/a_b_c.\n<img src=x onerror=alert(1)>'));
    const page = await open(url + pathOf(PHONE));
    const link = chat(page).getByRole('link', { name: 'https://example.com/a_b_c' });
    expect(await link.getAttribute('href')).toBe('https://example.com/a_b_c');
    expect(await link.getAttribute('rel')).toContain('noopener');
    await chat(page).getByText('Soon', { exact: true }).waitFor();
    await chat(page).getByText('<img src=x onerror=alert(1)>').waitFor();
  });

  test('a phone that nobody wrote to can be opened by its number and write first', async () => {
    const { url, receiver } = await startWorld();
    const page = await open(url, TELEPHONE);
    await page.getByRole('button', { name: 'Open a phone' }).click();
    const number = page.getByRole('textbox', { name: 'Phone number' });
    await number.fill('12');
    await number.press('Enter');
    await page.getByText('7 to 15 digits').waitFor();
    await number.fill('+44 7700 900123');
    await number.press('Enter');
    await page.getByRole('region', { name: `Phone ${PHONE}` }).waitFor();
    await write(page, 'Anybody there?');
    await bubble(page, 'Anybody there?').waitFor();
    await receiver.until(() => receiver.messages().length === 1, 'the first message');
    await page.getByRole('link', { name: 'Back to the phones' }).click();
    await row(page, PHONE).getByText('Anybody there?').waitFor();
  });

  test("a phone's address survives a reload, and the chat of each business stands apart", async () => {
    const { url, send, newBusiness, receiver } = await startWorld();
    const other = await newBusiness('+15550002000', 'Night Pharmacy');
    await send(text('From the books'));
    await send(text('From the pharmacy'), PHONE, other);
    const page = await open(url + pathOf(PHONE));
    await bubble(page, 'From the pharmacy').waitFor();
    expect(await bubble(page, 'From the books').count()).toBe(0);
    await page.getByRole('button', { name: /Night Pharmacy/ }).click();
    await page.getByRole('menuitem', { name: /Acme Books/ }).click();
    await bubble(page, 'From the books').waitFor();
    await page.reload();
    await bubble(page, 'From the books').waitFor();
    await write(page, 'To the books');
    await bubble(page, 'To the books').waitFor();
    await receiver.until(() => receiver.messages().length === 1, 'the reply');
    expect(writtenTo(receiver)?.display_phone_number).toContain('15550001000');
  });

  test('the page says when the sandbox is gone, and shows what it missed when it is back', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'sandbox-page-'));
    onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
    const { url, port, send, stopSandbox } = await startWorld('--data', dataDir);
    await send(text('Before'));
    const page = await open(url + pathOf(PHONE), DESKTOP, 'complains');
    await bubble(page, 'Before').waitFor();
    await stopSandbox();
    await page.getByText('No connection to the sandbox').waitFor();
    // Its line to the page is up again only some time after this was sent.
    await startSandbox(['--port', String(port), '--data', dataDir]);
    await send(text('Meanwhile'));
    await bubble(page, 'Meanwhile').waitFor();
    await page.getByText('No connection to the sandbox').waitFor({ state: 'detached' });
    await send(text('After'));
    await bubble(page, 'After').waitFor();
  });

  test.each([
    ['a desktop', DESKTOP],
    ["a telephone's", TELEPHONE],
  ])('nothing is wider than %s screen, not even a word of 400 letters', async (_, viewport) => {
    const { url, send } = await startWorld();
    await send(text('x'.repeat(400)));
    const page = await open(url, viewport);
    const overflow = 'document.documentElement.scrollWidth - innerWidth';
    await row(page, PHONE).waitFor();
    expect(await page.evaluate(overflow)).toBe(0);
    await row(page, PHONE).click();
    await bubble(page, 'xxx').waitFor();
    expect(await page.evaluate(overflow)).toBe(0);
    expect(await inPage(chat(page), 'element.scrollWidth - element.clientWidth')).toBe(0);
  });

  test('colours are chosen with the keyboard and kept over a reload', async () => {
    const { url } = await startWorld();
    const page = await open(url);
    const scheme = () => page.evaluate('document.documentElement.dataset.mantineColorScheme');
    await page.getByRole('radio', { name: 'Like the system' }).press('ArrowLeft');
    await expect.poll(scheme).toBe('dark');
    await page.reload();
    expect(await scheme()).toBe('dark');
  });
});
