import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Inbox, inbound, inbox, webhook } from '../../test/inbox.ts';
import { UnreadableItem } from './facts.ts';
import { retryFailures } from './set-aside.ts';

let i: Inbox;
beforeEach(async () => {
  i = await inbox();
});
afterEach(() => i.close());

async function read(body: string): Promise<string> {
  const id = await i.journalled(body);
  await i.reader.sweep(true);
  return id;
}

/** The database refuses inbound messages, with an SQLSTATE. */
const refuse = (state: string) =>
  sql
    .raw(`
      create or replace function refuse() returns trigger language plpgsql as $$ begin
        raise exception 'no: %', new.content using errcode = '${state}';
      end $$;
      create or replace trigger refuse before insert on messages for each row execute function refuse();
    `)
    .execute(i.g.store.db);

const allow = () => sql`drop trigger refuse on messages`.execute(i.g.store.db);

test('an item that fails three times is set aside, told once by its place, and not tried again', async () => {
  const id = await read(
    webhook({ messages: [inbound('good')], statuses: [{}, { id: 'w', status: 'sent' }] }),
  );
  i.clock.step(1_000);
  await i.retry();
  expect((await i.failures(id)).map(row => row.tries)).toEqual([1, 1]);
  for (const tries of [2, 3]) {
    i.clock.step(6_000);
    await i.retry();
    const row = { tries, set_aside: tries === 3 };
    expect(await i.failures(id)).toEqual([
      { item: 0, ...row },
      { item: 1, ...row },
    ]);
  }
  const told = [{ journalId: id, items: [0, 1], reason: 'a status without id or status' }];
  expect(i.aside).toEqual(told);
  i.clock.step(600_000);
  await i.retry();
  expect(i.aside).toEqual(told);
});

test('an item that the database refused is read again from the journal, and then forgotten', async () => {
  await refuse('23514');
  const id = await read(webhook({ messages: [inbound('a'), inbound('b')] }));
  expect(await i.failures(id)).toHaveLength(2);
  await allow();
  i.clock.step(6_000);
  await i.retry();
  expect(await i.stored()).toEqual(['a', 'b']);
  expect(await i.failures(id)).toEqual([]);
});

test('a try that a passing fault of the database stopped is not counted', async () => {
  await refuse('23514');
  const id = await read(webhook({ messages: [inbound('a')] }));
  await refuse('40P01');
  for (let count = 0; count < 4; count++) {
    i.clock.step(61_000);
    await expect(i.retry()).rejects.toMatchObject({ code: '40P01' });
  }
  expect(await i.failures(id)).toEqual([{ item: 0, tries: 1, set_aside: false }]);
  await allow();
  i.clock.step(61_000);
  await i.retry();
  expect(await i.stored()).toEqual(['a']);
});

test('what is told of an item quotes nothing that its webhook says', async () => {
  await refuse('23514');
  await read(webhook({ messages: [inbound('a', 'a secret')] }));
  for (let count = 0; count < 2; count++) {
    i.clock.step(6_000);
    await i.retry();
  }
  expect(i.aside).toMatchObject([{ items: [0], reason: 'error 23514' }]);
  const noted = i.errors.filter(one => one.doing === 'read an item of a webhook');
  expect(noted).toHaveLength(1);
  expect(String(noted[0]?.error)).not.toContain('secret');
});

test('an item whose webhook was deleted by retention is forgotten', async () => {
  const id = await read(webhook({ statuses: [{}] }));
  await i.g.store.db.deleteFrom('journal').where('id', '=', id).execute();
  i.clock.step(6_000);
  await i.retry();
  expect(await i.failures(id)).toEqual([]);
  expect(i.aside).toEqual([]);
});

test('what one node is at, another does not try', async () => {
  const id = await read(webhook({ statuses: [{}] }));
  i.clock.step(6_000);
  const slow = async (): Promise<void> => {
    await i.retry();
    throw new UnreadableItem('still');
  };
  await retryFailures(i.g.store, i.clock, slow, () => {});
  expect((await i.failures(id)).map(row => row.tries)).toEqual([2]);
});
