import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Ground, ground } from '../../test/rows.ts';
import { HEARTBEAT_MS, WebhookHealth } from './webhook-health.ts';

const HOUR = 3_600_000;

let g: Ground;
let at: number;
let unheard: string[];

beforeAll(async () => {
  g = await ground();
});

afterAll(() => g.close());

beforeEach(async () => {
  await g.store.db.deleteFrom('sender_webhooks').execute();
  await g.store.db.deleteFrom('settings').where('name', 'like', 'gateway_%').execute();
  at = Date.now();
  unheard = [];
});

const node = (): WebhookHealth =>
  new WebhookHealth({
    store: g.store,
    clock: { now: () => new Date(at), monotonic: () => at, wall: () => at },
    onUnheard: id => unheard.push(id),
  });

/** Beats as often as keeps the gateway from being away. */
async function live(health: WebhookHealth, ms: number, heard: boolean): Promise<void> {
  // A test need not beat each ten seconds: what counts is the row of the last beat.
  await g.store.db
    .updateTable('settings')
    .set({ value: new Date(at + ms - HEARTBEAT_MS).toISOString() })
    .where('name', '=', 'gateway_alive_at')
    .execute();
  at += ms;
  if (heard) health.heard([g.sender]);
  await health.beat();
}

test('a closed window is known after a whole window of webhooks, and not before', async () => {
  const health = node();
  health.heard([g.sender]);
  await health.beat();
  await live(health, 23 * HOUR, true);
  expect(health.closedIsKnown(g.sender)).toBe(false);
  await live(health, HOUR, true);
  expect(health.closedIsKnown(g.sender)).toBe(true);
  const other = node();
  await other.beat();
  expect(other.closedIsKnown(g.sender)).toBe(true);
});

test('a sender that was not heard within a window is not known, and starts anew', async () => {
  const health = node();
  health.heard([g.sender]);
  await health.beat();
  await live(health, 20 * HOUR, true);
  await live(health, 25 * HOUR, false);
  expect(health.closedIsKnown(g.sender)).toBe(false);
  await live(health, HOUR, true);
  expect(health.closedIsKnown(g.sender)).toBe(false);
  await live(health, 20 * HOUR, true);
  await live(health, 4 * HOUR, true);
  expect(health.closedIsKnown(g.sender)).toBe(true);
});

test('an outage of ours of more than a minute makes it unknown for a whole window', async () => {
  const health = node();
  health.heard([g.sender]);
  await health.beat();
  await live(health, 24 * HOUR, true);
  at += 60_000;
  await health.beat();
  expect(health.closedIsKnown(g.sender)).toBe(true);
  at += 61_000;
  await health.beat();
  expect(health.closedIsKnown(g.sender)).toBe(false);
  const started = node();
  await started.beat();
  expect(started.closedIsKnown(g.sender)).toBe(false);
  await live(health, 20 * HOUR, true);
  await live(health, 4 * HOUR, true);
  expect(health.closedIsKnown(g.sender)).toBe(true);
});

test('a sender whose sends nobody reports raises one alert, until it is heard', async () => {
  const health = node();
  await health.beat();
  health.sent(g.sender);
  await live(health, 60_000, false);
  expect(unheard).toEqual([]);
  await live(health, 300_000, false);
  await live(health, 300_000, false);
  expect(unheard).toEqual([g.sender]);
  expect(health.isUnheard(g.sender)).toBe(true);
  const other = node();
  other.heard([g.sender]);
  await other.beat();
  await live(health, HEARTBEAT_MS, false);
  expect(health.isUnheard(g.sender)).toBe(false);
});
