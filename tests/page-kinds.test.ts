import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Locator } from 'playwright-core';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { ReceivedMessage } from '../sandbox/test/receiver.ts';
import { bubble, chat, inPage, pathOf, TELEPHONE, usePages } from './phone-page.ts';
import { PHONE, startWorld, text, type World } from './sandbox-world.ts';

/** A picture of one pixel. */
const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNQmNDwHwAENAIw4rbMZwAAAABJRU5ErkJggg==',
  'base64',
);
const PICTURE = { name: 'pixel.png', mimeType: 'image/png', buffer: PNG };
/** Before a test says that the page does not come to something: time enough for a busy machine. */
const PATIENCE_MS = 15_000;
const HERE = pathOf(PHONE);

const open = usePages();

const interactive = (content: object) => ({ type: 'interactive', interactive: content });
const reply = (id: string, title: string) => ({ type: 'reply', reply: { id, title } });
const question = interactive({
  type: 'button',
  body: { text: 'Shall we come tomorrow?' },
  action: { buttons: [reply('yes', 'Yes, come'), reply('no', 'No')] },
});
const slots = interactive({
  type: 'list',
  body: { text: 'Pick a slot' },
  action: {
    button: 'Slots',
    sections: [{ title: 'Today', rows: [{ id: 'am', title: 'Morning', description: '9 to 12' }] }],
  },
});
const cards = (link: string) =>
  interactive({
    type: 'carousel',
    body: { text: 'New this week' },
    action: {
      cards: Array.from({ length: 6 }, (_, index) => ({
        card_index: index,
        type: 'cta_url',
        header: { type: 'image', image: { link } },
        body: { text: `Book ${index + 1}` },
        action: { name: 'cta_url', parameters: { display_text: 'See it', url: 'https://example.com/' } },
      })),
    },
  });

/** A business's own web server with a picture. */
async function pictureLink(): Promise<string> {
  const server = createServer((_, response) =>
    response.writeHead(200, { 'content-type': 'image/png' }).end(PNG),
  );
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/pixel.png`;
}

/** What the business is told by webhook, when it comes. */
async function told({ receiver }: World, type: string): Promise<ReceivedMessage> {
  const found = () => receiver.messages().find(message => message.type === type);
  await receiver.until(() => found() !== undefined, type);
  return found() as ReceivedMessage;
}

/** Waits until a picture is drawn from its bytes. */
const isDrawn = (image: Locator) =>
  expect.poll(() => inPage(image, 'element.naturalWidth'), { timeout: PATIENCE_MS }).toBeGreaterThan(0);

describe('what the business sends', () => {
  test('a tap on a reply button reaches the business, and the button cannot be tapped again', async () => {
    const world = await startWorld();
    const wamid = await world.send(question);
    const page = await open(world.url + HERE);
    const yes = chat(page).getByRole('button', { name: 'Yes, come', exact: true });
    await yes.click();
    const answer = await told(world, 'interactive');
    expect(answer.interactive).toEqual({
      type: 'button_reply',
      button_reply: { id: 'yes', title: 'Yes, come' },
    });
    expect(answer.context?.id).toBe(wamid);
    await expect.poll(() => yes.isDisabled()).toBe(true);
  });

  test('a list opens, and the row that is picked in it reaches the business', async () => {
    const world = await startWorld();
    await world.send(slots);
    const page = await open(world.url + HERE);
    await chat(page).getByRole('button', { name: 'Slots' }).click();
    const sheet = page.getByRole('dialog', { name: 'Slots' });
    await sheet.getByText('Today').waitFor();
    await sheet.getByRole('radio', { name: 'Morning' }).check();
    await sheet.getByRole('button', { name: 'Send' }).click();
    expect((await told(world, 'interactive')).interactive).toEqual({
      type: 'list_reply',
      list_reply: { id: 'am', title: 'Morning', description: '9 to 12' },
    });
    await sheet.waitFor({ state: 'detached' });
  });

  test('a carousel scrolls sideways inside a page that does not', async () => {
    const { url, send } = await startWorld();
    await send(cards(await pictureLink()));
    const page = await open(url + HERE, TELEPHONE);
    const strip = chat(page).getByRole('region', { name: '6 cards' });
    const last = strip.getByRole('article', { name: 'Card 6 of 6' });
    await isDrawn(strip.getByRole('article', { name: 'Card 1 of 6' }).getByRole('img'));
    await strip.hover();
    await page.mouse.wheel(5_000, 0);
    await expect.poll(() => inPage(strip, 'element.scrollLeft')).toBeGreaterThan(0);
    await expect.poll(() => inPage(last, 'element.getBoundingClientRect().right <= innerWidth')).toBe(true);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
  });

  test('a picture is drawn from its link', async () => {
    const { url, send } = await startWorld();
    await send({ type: 'image', image: { link: await pictureLink(), caption: 'The harbour' } });
    const page = await open(url + HERE);
    await isDrawn(bubble(page, 'The harbour').getByRole('img', { name: 'The harbour' }).first());
  });

  test('a location says its name and address', async () => {
    const { url, send } = await startWorld();
    await send({
      type: 'location',
      location: { latitude: 52.5, longitude: 13.4, name: 'The shop', address: '1 High Street' },
    });
    const page = await open(url + HERE);
    await bubble(page, 'The shop').getByText('1 High Street').waitFor();
  });

  test("the business's reaction stands on the message that it is to", async () => {
    const { url, send } = await startWorld();
    const message_id = await send(text('Do you like it?'));
    await send({ type: 'reaction', reaction: { message_id, emoji: '\u{1f389}' } });
    const page = await open(url + HERE);
    await bubble(page, 'Do you like it?')
      .getByRole('img', { name: 'Reactions: \u{1f389} from the business' })
      .waitFor();
    expect(await chat(page).locator('[data-wamid]').count()).toBe(1);
  });
});

describe('what the person sends', () => {
  test('a photo with a caption reaches the business with its bytes, and is drawn here', async () => {
    const world = await startWorld();
    const { receiver, business } = world;
    const page = await open(world.url + HERE);
    await page.getByRole('button', { name: 'Attach' }).click();
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Photo' }).click();
    await (await chooser).setFiles(PICTURE);
    await page.getByRole('textbox', { name: 'Caption' }).fill('Our harbour');
    await page.getByRole('button', { name: 'Send', exact: true }).last().click();
    await isDrawn(bubble(page, 'Our harbour').getByRole('img', { name: 'Our harbour' }).first());

    const { image } = (await told(world, 'image')) as unknown as { image: { id: string; url: string } };
    expect(image).toMatchObject({ caption: 'Our harbour', mime_type: 'image/png' });
    expect(receiver.values().find(({ messages }) => messages)?.metadata.phone_number_id).toBe(
      business.phone_number_id,
    );
    const file = await fetch(image.url, { headers: { authorization: `Bearer ${business.access_token}` } });
    expect(Buffer.from(await file.arrayBuffer())).toEqual(PNG);
  });

  test('a location reaches the business', async () => {
    const world = await startWorld();
    const page = await open(world.url + HERE);
    await page.getByRole('button', { name: 'Attach' }).click();
    await page.getByRole('button', { name: 'Location' }).click();
    await page.getByRole('textbox', { name: 'Name' }).fill('Home');
    await page.getByRole('button', { name: 'Send location' }).click();
    await bubble(page, 'Home').waitFor();
    expect((await told(world, 'location')).location).toMatchObject({
      latitude: 51.4779,
      longitude: -0.0015,
      name: 'Home',
    });
  });

  test('a reaction from the menu of a message reaches the business and stands on the message', async () => {
    const world = await startWorld();
    const message_id = await world.send(text('Your parcel is here'));
    const page = await open(world.url + HERE);
    await page.getByRole('button', { name: 'React to: Your parcel is here' }).click();
    await page.getByRole('button', { name: 'React with \u{1f64f}' }).click();
    expect((await told(world, 'reaction')).reaction).toEqual({ message_id, emoji: '\u{1f64f}' });
    await bubble(page, 'Your parcel is here')
      .getByRole('img', { name: 'Reactions: \u{1f64f} from this phone' })
      .waitFor();
  });

  test('an own message is edited, then deleted, and the business is told of both', async () => {
    const world = await startWorld();
    await world.control('POST', `${HERE}/messages`, { text: 'Tow books' });
    const page = await open(world.url + HERE);
    const original_message_id = (await told(world, 'text')).id;
    await page.getByRole('button', { name: 'More for: Tow books' }).click();
    await page.getByRole('button', { name: 'Edit' }).click();
    const field = page.getByRole('textbox', { name: 'Edit the message' });
    await field.fill('Two books');
    await field.press('Enter');
    await bubble(page, 'Two books').getByText('Edited').waitFor();
    expect((await told(world, 'edit')).edit).toMatchObject({
      original_message_id,
      message: { text: { body: 'Two books' } },
    });
    await page.getByRole('button', { name: 'More for: Two books' }).click();
    await page.getByRole('button', { name: 'Delete for everyone' }).click();
    await chat(page).getByText('This message was deleted').waitFor();
    expect((await told(world, 'revoke')).revoke).toMatchObject({ original_message_id });
    expect(await chat(page).locator('[data-wamid]').count()).toBe(1);
  });

  test('who hides the number is known to the business by a user id alone', async () => {
    const world = await startWorld();
    const page = await open(world.url + HERE);
    await page.getByRole('button', { name: 'Who holds this phone' }).click();
    const sheet = page.getByRole('dialog', { name: `Who holds ${PHONE}` });
    await sheet.getByRole('textbox', { name: 'Profile name' }).fill('Ada');
    const hide = sheet.getByRole('switch', { name: 'Hide the number' });
    // The keyboard, since a click can miss a switch while its sheet still moves.
    await hide.press('Space');
    await expect.poll(() => hide.isChecked(), { timeout: 10_000 }).toBe(true);
    await sheet.getByRole('button', { name: 'Save' }).click();
    await sheet.waitFor({ state: 'detached' });
    const field = page.getByRole('textbox', { name: 'Write a message' });
    await field.fill('Guess who');
    await field.press('Enter');
    const message = await told(world, 'text');
    expect(message.from).toBeUndefined();
    expect(message.from_user_id).toMatch(/^[A-Z]{2}\./);
  });
});
