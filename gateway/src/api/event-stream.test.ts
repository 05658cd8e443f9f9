import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { LoggedEvent } from '../reports/event-log.ts';
import { EventStream, readPlace, writePlace } from './event-stream.ts';

/** One stream on a real connection, whose time is set by hand. */
let server: ReturnType<typeof createServer>;
let client: Socket;
let stream: EventStream;
let response: ServerResponse;
let got: string;
let seconds: number;
let allowed: boolean;
let ready: number;

beforeEach(async () => {
  [got, seconds, allowed, ready] = ['', 0, true, 0];
  server = createServer((_, opened) => {
    response = opened;
    stream = new EventStream({
      workspaceId: 'w',
      mask: 1,
      response,
      place: { position: 7, index: null },
      wants: event => event.kind === 1,
      show: event => ({ type: 'message.sent', id: event.id }) as { type: string },
      gap: after => ({ type: 'gap', after }) as { type: string },
      isAllowed: () => allowed,
      onReady: () => void ready++,
      now: () => seconds * 1_000,
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.setEncoding('utf8').on('data', (text: string) => {
    got += text;
  });
  client.on('error', () => {});
  client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  await expect.poll(() => got, { interval: 5 }).toContain('stream.place');
});
afterEach(async () => {
  client.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

const event = (position: number, index: number, more: Partial<LoggedEvent> = {}): LoggedEvent => ({
  n: 0,
  position,
  index,
  last: false,
  kind: 1,
  at: '',
  id: `${position}/${index}`,
  message: null,
  notice: null,
  ...more,
});
const place = (position: number) => ({ position, index: null });
/** Without the sizes of HTTP's chunks. */
const lines = () => got.replace(/\r\n[0-9a-f]+\r\n/g, '').replace(/\r\n/g, '');

describe('a stream', () => {
  test('says first after which pause to connect again, and where it is', () => {
    expect(lines()).toContain('retry: 1000\nid: 7\nevent: stream.place\ndata: {"type":"stream.place"}\n\n');
  });

  test('gives each event the place behind it: within its row, or after the whole row', async () => {
    stream.take({
      isGap: false,
      events: [event(8, 1), event(8, 2, { kind: 2 }), event(8, 3), event(9, 1, { last: true })],
      place: place(9),
    });
    await expect.poll(lines).toContain('id: 9\n');
    expect([...got.matchAll(/^id: (.*)$/gm)].map(found => found[1])).toEqual(['7', '8-1', '8-3', '9']);
    expect(lines()).toContain('id: 8-3\nevent: message.sent\ndata: {"type":"message.sent","id":"8/3"}\n\n');
  });

  test('tells of a gap before what follows it, and without a place', async () => {
    stream.take({ isGap: true, events: [event(30, 1)], place: place(30) });
    await expect.poll(lines).toContain('id: 30-1');
    expect(lines()).toMatch(/\n\nevent: gap\ndata: {"type":"gap","after":"7"}\n\nid: 30-1\n/);
  });

  test('is kept alive by a comment after 15 seconds in which nothing came', async () => {
    seconds = 14;
    await new Promise(resolve => setTimeout(resolve, 1_200));
    expect(got).not.toContain(':\n\n');
    seconds = 15;
    await expect.poll(() => got, { timeout: 3_000 }).toMatch(/\r\n:\n\n/);
  });

  test('says then where it is, when what happened was not for its client', async () => {
    stream.take({ isGap: false, events: [event(12, 1, { kind: 2 })], place: place(12) });
    seconds = 15;
    await expect
      .poll(lines, { timeout: 3_000 })
      .toContain('id: 12\nevent: stream.place\ndata: {"type":"stream.place"}\n\n');
  });

  test('ends when its client may not listen any more', async () => {
    allowed = false;
    await expect.poll(() => got, { timeout: 3_000 }).toMatch(/\r\n0\r\n\r\n$/);
  });
});

describe('a client that does not read', () => {
  /** Tells more until nothing is taken any more: the sockets of both sides are full. */
  async function fill(): Promise<number> {
    client.pause();
    let position = 8;
    for (let full = 0; full < 5; full++) {
      for (; stream.isReady(); position++) {
        const events = Array.from({ length: 500 }, (_, i) => event(position, i, { id: 'x'.repeat(500) }));
        stream.take({ isGap: false, events, place: place(position) });
        full = 0;
      }
      await new Promise(resolve => setTimeout(resolve, 20));
    }
    return position;
  }

  test('is told no more until it has read, and then again', async () => {
    const next = await fill();
    // One portion at most waits here; what the sockets took is the system's.
    expect(response.writableLength).toBeLessThan(1_000_000);
    client.resume();
    await expect.poll(() => stream.isReady()).toBe(true);
    expect(ready).toBeGreaterThan(0);
    stream.take({ isGap: false, events: [event(next, 1, { last: true })], place: place(next) });
    await expect.poll(() => got.includes(`id: ${next}\n`)).toBe(true);
  });

  test('is let go after half a minute', async () => {
    await fill();
    seconds = 29;
    await new Promise(resolve => setTimeout(resolve, 1_200));
    expect(response.destroyed).toBe(false);
    seconds = 30;
    await expect.poll(() => response.destroyed, { timeout: 3_000 }).toBe(true);
  });

  test('does not keep a stopping node waiting', async () => {
    await fill();
    stream.end();
    expect(response.destroyed).toBe(true);
  });
});

test('a place is read back as it was written, and nothing else is one', () => {
  for (const one of [place(0), place(12), { position: 12, index: 3 }])
    expect(readPlace(writePlace(one))).toEqual(one);
  for (const text of ['', 'a', '1-', '-1', '1-2-3', ' 1', '1e3', '9'.repeat(16)])
    expect(readPlace(text)).toBeUndefined();
});
