import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { acceptedId } from '../load.ts';
import type { Node } from './cluster.ts';

/** One person, who is written to again and again by one number. */
export interface Person {
  readonly from: string;
  readonly to: string;
  /** Ids of what was accepted for him, in the order in which it was. */
  readonly accepted: string[];
}

export interface ClientOptions {
  readonly nodes: readonly Node[];
  readonly key: string;
  readonly senders: readonly string[];
  readonly webhookUrl: string;
  readonly perSecond: number;
  readonly ms: number;
  readonly random: () => number;
}

/** Messages to one person; Meta's limit on a pair lets 45 go at once. */
const MESSAGES_EACH = 8;

/** Persons who are written to at the same time. */
const AT_ONCE = 400;

const TICK_MS = 10;
const TIMEOUT_MS = 8_000;

/** A request that was not answered 200 is asked again under its key for so long. */
const PATIENCE_MS = 90_000;

/**
 * A customer who writes at a steady pace to many people, several messages to each, the next one when the one before was
 * accepted. Each request has an `Idempotency-Key` and is asked again, at any node, until it is answered 200: so what was
 * accepted is known, and a message that is sent twice is the gateway's doing.
 *
 * @throws Error on an answer that a gateway must not give, such as 4xx
 */
export async function writeToPeople(options: ClientOptions): Promise<readonly Person[]> {
  const { nodes, senders, perSecond, ms, random } = options;
  const agent = new Agent({
    connections: 256,
    pipelining: 1,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
  const people: Person[] = [];
  const idle: Person[] = [];
  const busy = new Set<Promise<void>>();
  let failed: unknown;
  const nextPerson = (): Person => {
    const known = idle.length >= AT_ONCE ? idle.splice(Math.floor(random() * idle.length), 1)[0] : undefined;
    if (known !== undefined) return known;
    const n = people.length;
    const person = {
      from: senders[n % senders.length]!,
      to: `+1415${String(n).padStart(7, '0')}`,
      accepted: [],
    };
    people.push(person);
    return person;
  };
  const write = async (person: Person): Promise<void> => {
    person.accepted.push(await untilAccepted(person, options, agent));
    if (person.accepted.length < MESSAGES_EACH) idle.push(person);
  };
  const end = performance.now() + ms;
  let due = 0;
  let tickedAt = performance.now();
  while (performance.now() < end && failed === undefined) {
    await sleep(TICK_MS);
    const now = performance.now();
    // What could not be sent is not made up for in a burst.
    due = Math.min(due + ((now - tickedAt) * perSecond) / 1000, perSecond / 5);
    tickedAt = now;
    while (due >= 1 && busy.size < 256 && nodes.some(node => node.isUp())) {
      due--;
      const sent: Promise<void> = write(nextPerson())
        .catch(error => {
          failed = error;
        })
        .finally(() => busy.delete(sent));
      busy.add(sent);
    }
  }
  await Promise.all(busy);
  await agent.close();
  if (failed !== undefined) throw failed;
  return people;
}

async function untilAccepted(
  person: Person,
  { nodes, key, webhookUrl, random }: ClientOptions,
  agent: Agent,
): Promise<string> {
  const body = JSON.stringify({
    from: person.from,
    to: person.to,
    webhook_url: webhookUrl,
    whatsapp_message: { type: 'template', template: { name: 'hello_world', language: { code: 'en_US' } } },
  });
  const headers = {
    'content-type': 'application/json',
    authorization: `Bearer ${key}`,
    'idempotency-key': randomUUID(),
  };
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const up = nodes.filter(node => node.isUp());
    const node = up[Math.floor(random() * up.length)];
    const answer =
      node === undefined
        ? undefined
        : await request(`http://127.0.0.1:${node.port}/v2/messages/whatsapp`, {
            method: 'POST',
            headers,
            body,
            dispatcher: agent,
          })
            .then(async got => ({ status: got.statusCode, text: await got.body.text() }))
            .catch(() => undefined);
    if (answer?.status === 200) return acceptedId(answer.text);
    if (answer !== undefined && answer.status < 500 && answer.status !== 409)
      throw new Error(`a send was answered ${answer.status}: ${answer.text}`);
    if (performance.now() > deadline)
      throw new Error(`a send was not accepted in ${PATIENCE_MS / 1000} s: ${answer?.text}`);
    await sleep(100);
  }
}
