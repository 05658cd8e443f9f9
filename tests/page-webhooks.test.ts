import { createHmac } from 'node:crypto';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { TELEPHONE, usePages } from './phone-page.ts';
import { startWorld } from './sandbox-world.ts';

const open = usePages();

const SECRET = 'whsec_test_6c2f0f6c3a6d4b16';

const event = (id: string) =>
  JSON.stringify({
    id,
    type: 'whatsapp.message.updated',
    apiVersion: 'v2',
    whatsappMessage: { to: '+15557654321' },
  });

function signed(body: string): Record<string, string> {
  const t = Math.floor(Date.now() / 1000);
  const s = createHmac('sha256', SECRET).update(`${t}.${body}`).digest('hex');
  return { 'YCloud-Signature': `t=${t},s=${s}` };
}

/** Posts as a gateway does; the status of the answer. */
async function post(url: string, body: string, headers: Record<string, string> = {}): Promise<number> {
  const { status } = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
    redirect: 'manual',
  });
  return status;
}

const deliveries = (page: Page) => page.getByRole('navigation', { name: 'Deliveries' });
const rows = (page: Page) => deliveries(page).getByRole('listitem');
const how = (page: Page) => page.getByRole('status').filter({ hasText: /Answers|Never|Drops|Redirects/ });

async function choose(page: Page, kind: string): Promise<void> {
  await page.getByRole('radio', { name: kind }).check();
}

const apply = (page: Page) => page.getByRole('button', { name: /^Answer/ }).click();

describe('the page of webhooks', () => {
  test('says how to begin, and shows what comes as it comes, each with the verdict on its signature', async () => {
    const { url } = await startWorld();
    const page = await open(url);
    await page.getByRole('link', { name: 'Webhooks' }).click();
    await page.getByText('Nothing came yet.').waitFor();
    const main = `${url}/receiver/main`;
    await deliveries(page).getByText(main, { exact: true }).waitFor();
    await page.getByText(`curl ${main}`).last().waitFor();

    const first = event('evt_1');
    await post(main, first, signed(first));
    await rows(page).getByRole('img', { name: 'No key to check the signature with' }).waitFor();
    await page.getByRole('textbox', { name: 'YCloud: secret of the endpoint' }).fill(SECRET);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByPlaceholder('…4b16').waitFor();
    await post(main, first, signed(first));
    await rows(page).first().getByRole('img', { name: 'Signature valid' }).waitFor();
    await rows(page).first().getByText('YCloud · came before').waitFor();
    await post(main, event('evt_2'), signed(first));
    await rows(page).first().getByRole('img', { name: 'Signature invalid' }).waitFor();
    await deliveries(page).getByText('3 received · 1 repeated · 1 invalid').waitFor();
    expect(await rows(page).count()).toBe(3);
  });

  test('one delivery: its body readable and as it came, its headers, the verdict with its reason, the answer', async () => {
    const { url, control } = await startWorld();
    await control('PATCH', '/receivers/main', {
      keys: { ycloud: SECRET },
      behaviour: { kind: 'status', status: 429, retry_after: 120 },
    });
    const body = event('evt_1');
    await post(`${url}/receiver/main`, `${body}\n`, signed(body));
    const page = await open(`${url}/webhooks/main`);
    await rows(page).getByRole('link').click();
    await page.getByRole('heading', { name: 'whatsapp.message.updated' }).waitFor();
    await page.getByText('It does not fit these bytes under the key given here.').waitFor();
    await page.getByText('Answered 429 at once, Retry-After: 120.').waitFor();
    const shown = page.getByRole('region', { name: 'Body of the request' });
    expect(await shown.innerText()).toBe(JSON.stringify(JSON.parse(body), null, 2));
    await page.getByText('As it came').click();
    await expect.poll(() => shown.textContent()).toBe(`${body}\n`);
    await page.getByRole('region', { name: 'Headers' }).getByText('ycloud-signature').waitFor();
    await page.reload();
    await page.getByText('evt_1', { exact: true }).waitFor();
  });

  test('a person switches how it answers, and sees when it is well again', async () => {
    const { url } = await startWorld();
    const main = `${url}/receiver/main`;
    const page = await open(`${url}/webhooks/main`);
    await choose(page, 'With a status');
    await page.getByRole('textbox', { name: 'Status' }).fill('99');
    await apply(page);
    await page.getByText('The status must be a number from 200 to 599.').waitFor();
    await page.getByRole('textbox', { name: 'Status' }).fill('503');
    await page.getByRole('textbox', { name: 'Retry-After' }).fill('7');
    await page.getByRole('combobox', { name: 'Which requests' }).selectOption('next');
    await page.getByRole('textbox', { name: 'How many' }).fill('2');
    await apply(page);
    await how(page).getByText('Answers 503, Retry-After: 7, 2 times more').waitFor();
    expect(await post(main, event('evt_1'))).toBe(503);
    await how(page).getByText('Answers 503, Retry-After: 7, once more').waitFor();
    expect(await post(main, event('evt_1'))).toBe(503);
    await how(page).getByText('Answers 200', { exact: true }).waitFor();
    expect(await post(main, event('evt_1'))).toBe(200);
    await expect.poll(() => rows(page).allInnerTexts()).toHaveLength(3);
    const answers = (await rows(page).allInnerTexts()).map(text => /\b\d{3}$/.exec(text.trim())?.[0]);
    expect(answers).toEqual(['200', '503', '503']);

    await choose(page, 'With a redirect');
    await apply(page);
    await how(page).getByText('Redirects to itself').waitFor();
    expect(await post(main, event('evt_2'))).toBe(302);
    await choose(page, 'Well');
    await apply(page);
    await how(page).getByText('Answers 200', { exact: true }).waitFor();
    expect(await post(main, event('evt_2'))).toBe(200);
  });

  test('a request that is left waiting is seen to wait, and its sender to give up', async () => {
    const { url } = await startWorld();
    const page = await open(`${url}/webhooks/main`);
    await choose(page, 'Never');
    await apply(page);
    await how(page).getByText('Never answers').waitFor();
    const impatient = new AbortController();
    const sent = fetch(`${url}/receiver/main`, { method: 'POST', body: '{}', signal: impatient.signal });
    const given = expect(sent).rejects.toThrow();
    await rows(page).getByText('waiting').waitFor();
    await rows(page).getByRole('link').click();
    await page.getByText('Not answered yet: the sender waits.').waitFor();
    impatient.abort();
    await given;
    await page.getByText(/^Not answered: the sender hung up/).waitFor();
    await rows(page).getByText('gave up').waitFor();
  });

  test("another receiver is made by its name, and is emptied by itself; all of it on a telephone's width", async () => {
    const { url } = await startWorld();
    await post(`${url}/receiver/main`, event('evt_1'));
    const page = await open(`${url}/webhooks`, TELEPHONE);
    const narrow = async () => {
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    };
    await rows(page).getByText('whatsapp.message.updated').waitFor();
    await narrow();
    await page.getByRole('button', { name: 'Receiver main' }).click();
    await page.getByRole('menuitem', { name: 'Another receiver' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('orders');
    await page.getByRole('button', { name: 'Make it' }).click();
    await deliveries(page).getByText(`${url}/receiver/orders`, { exact: true }).waitFor();
    await page.getByText('Nothing came yet.').waitFor();
    await narrow();
    await post(
      `${url}/receiver/orders`,
      JSON.stringify({ type: 'x'.repeat(300), id: 'e', apiVersion: 'v2' }),
    );
    await rows(page).getByRole('link').click();
    await page.getByRole('region', { name: 'Body of the request' }).waitFor();
    await narrow();
    await page.getByRole('link', { name: 'All deliveries' }).click();
    await page.getByRole('link', { name: /Change/ }).click();
    await choose(page, 'By hanging up');
    await apply(page);
    await how(page).getByText('Drops the connection').waitFor();
    await narrow();
    await page.getByRole('link', { name: 'All deliveries' }).click();
    await page.getByRole('button', { name: 'Forget what came' }).click();
    await page.getByText('Nothing came yet.').waitFor();
    await page.getByRole('button', { name: 'Receiver orders' }).click();
    await page.getByRole('menuitem', { name: 'main' }).click();
    await rows(page).getByText('whatsapp.message.updated').waitFor();
  });

  test("a receiver's address in a browser leads to its page", async () => {
    const { url } = await startWorld();
    const page = await open(`${url}/receiver/orders`);
    await page.waitForURL(`${url}/webhooks/orders`);
    await deliveries(page).getByText(`${url}/receiver/orders`, { exact: true }).waitFor();
  });
});
