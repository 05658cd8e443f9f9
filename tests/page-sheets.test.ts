import type { Locator, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { chat, pathOf, TELEPHONE, usePages } from './phone-page.ts';
import { PHONE, startWorld, type World } from './sandbox-world.ts';

const open = usePages();

const body = { text: 'hello' };
const rupees = (value: number) => ({ value, offset: 100 });

/** Sends what opens a sheet, and opens it. */
async function opened(
  world: World,
  interactive: object,
  button: string,
  title = button,
): Promise<{ page: Page; sheet: Locator; wamid: string }> {
  const wamid = await world.send({ type: 'interactive', interactive });
  const page = await open(world.url + pathOf(PHONE), TELEPHONE);
  await chat(page).getByRole('button', { name: button }).click();
  const sheet = page.getByRole('dialog', { name: title });
  await sheet.waitFor();
  return { page, sheet, wamid };
}

/** What the business is told, once the sheet has gone and its button says so. */
async function answered(
  world: World,
  page: Page,
  sheet: Locator,
  button: string,
  type: string,
): Promise<Record<string, unknown>> {
  await sheet.waitFor({ state: 'detached' });
  const taken = chat(page).getByRole('button', { name: button });
  await expect.poll(() => taken.getAttribute('aria-pressed')).toBe('true');
  const found = () => world.receiver.messages().find(message => message.type === type);
  await world.receiver.until(() => found() !== undefined, type);
  return found() as unknown as Record<string, unknown>;
}

test('a flow is completed with the fields that the person names', async () => {
  const world = await startWorld();
  const parameters = { flow_message_version: '3', flow_id: '1', flow_cta: 'Book', flow_token: 'token-1' };
  const { page, sheet, wamid } = await opened(
    world,
    { type: 'flow', body, action: { name: 'flow', parameters } },
    'Book',
  );
  await sheet.getByRole('textbox', { name: 'Field' }).fill('day');
  await sheet.getByRole('textbox', { name: 'Value' }).fill('Monday');
  await sheet.getByRole('button', { name: 'Complete' }).click();
  const { interactive, context } = await answered(world, page, sheet, 'Book', 'interactive');
  expect(interactive).toMatchObject({ type: 'nfm_reply', nfm_reply: { name: 'flow' } });
  const { nfm_reply } = interactive as { nfm_reply: { response_json: string } };
  expect(JSON.parse(nfm_reply.response_json)).toEqual({ flow_token: 'token-1', day: 'Monday' });
  expect(context).toMatchObject({ id: wamid });
});

test('a cart of a catalog reaches the business as an order', async () => {
  const world = await startWorld();
  const { page, sheet } = await opened(
    world,
    {
      type: 'product_list',
      header: { type: 'text', text: 'Offers' },
      body,
      action: {
        catalog_id: '1',
        sections: [{ title: 'All', product_items: [{ product_retailer_id: 'sku' }] }],
      },
    },
    'View items',
  );
  await sheet.getByRole('button', { name: 'One more sku' }).dblclick();
  await sheet.getByRole('textbox', { name: 'Price of each' }).fill('2.50');
  await sheet.getByRole('button', { name: 'Send order' }).click();
  expect((await answered(world, page, sheet, 'View items', 'order')).order).toMatchObject({
    catalog_id: '1',
    product_items: [{ product_retailer_id: 'sku', quantity: 2, item_price: 2.5, currency: 'USD' }],
  });
});

test('an address that is asked for is filled in and sent', async () => {
  const world = await startWorld();
  const { page, sheet } = await opened(
    world,
    { type: 'address_message', body, action: { name: 'address_message', parameters: { country: 'IN' } } },
    'Provide address',
    'Your address',
  );
  await sheet.getByRole('textbox', { name: 'City' }).fill('Pune');
  await sheet.getByRole('button', { name: 'Send', exact: true }).click();
  const { interactive } = await answered(world, page, sheet, 'Provide address', 'interactive');
  expect(interactive).toMatchObject({ type: 'nfm_reply', nfm_reply: { name: 'address_message' } });
  expect(JSON.stringify(interactive)).toContain('Pune');
});

test('an order can be read line by line', async () => {
  const world = await startWorld();
  const { sheet } = await opened(
    world,
    {
      type: 'order_details',
      body,
      action: {
        name: 'review_and_pay',
        parameters: {
          reference_id: 'inv-17',
          type: 'digital-goods',
          currency: 'INR',
          total_amount: rupees(11000),
          payment_settings: [{ type: 'payment_gateway' }],
          order: {
            status: 'pending',
            items: [{ name: 'Plan', amount: rupees(10000), quantity: 1 }],
            subtotal: rupees(10000),
            tax: rupees(1000),
          },
        },
      },
    },
    'Review and pay',
    'Your order',
  );
  await sheet.getByText('Plan').waitFor();
  await sheet.getByText('This network moves no money').waitFor();
});
