import { expect } from 'vitest';
import type { Recognized } from '../src/carriers/whatsapp/answer.ts';
import type { Send, SendResult } from '../src/carriers/whatsapp/client.ts';
import { EVENT } from '../src/message/event.ts';
import type { Failure } from '../src/message/failure.ts';
import { newId } from '../src/message/id.ts';
import type { Outbound } from '../src/message/message.ts';
import { type StatusName, statusName } from '../src/message/status.ts';
import { Accept, type AcceptOptions } from '../src/outbox/accept.ts';
import { QueueDepth } from '../src/outbox/depth.ts';
import { DirectSends } from '../src/outbox/direct.ts';
import { Dispatch, type DispatchOptions } from '../src/outbox/dispatch.ts';
import { HeldTemplates } from '../src/outbox/held-templates.ts';
import { Holds, type HoldsOptions } from '../src/outbox/holds.ts';
import { type PeopleLimit, Portfolios } from '../src/outbox/portfolios.ts';
import { Repeats } from '../src/outbox/repeats.ts';
import { Settle, type SettleOptions } from '../src/outbox/settle.ts';
import { Sweeper } from '../src/outbox/sweeper.ts';
import { type Clock, databaseClock } from '../src/store/clock.ts';
import type { TemplateState } from '../src/templates/template.ts';
import { upkeep } from '../src/upkeep.ts';
import { applyTo, type Ground, ground } from './rows.ts';

export type Answer = (send: Send, count: number) => SendResult | Promise<SendResult>;

/** What a test sets of an outbox in the place of the rooms beside it. */
export interface OutboxOptions {
  readonly alone?: boolean;
  readonly nodeId?: string;
  readonly templateState?: (templateId: string) => TemplateState;
  readonly confirmHeld?: SettleOptions['confirmHeld'];
  readonly checkTemplate?: AcceptOptions['checkTemplate'];
  readonly closedIsKnown?: AcceptOptions['closedIsKnown'];
  readonly termsOf?: AcceptOptions['termsOf'];
  readonly queueMax?: number;
  /** Sweeps all the time, as a gateway does each second: two commits that cross leave a message in line until then. */
  readonly sweeps?: boolean;
  readonly rateOf?: DispatchOptions['rateOf'];
  readonly probe?: HoldsOptions['probe'];
  /** Of all senders that the node has. */
  readonly limit?: () => PeopleLimit | undefined;
}

export interface OutboxNode {
  readonly accept: Accept;
  readonly repeats: Repeats;
  readonly depth: QueueDepth;
  readonly settle: Settle;
  readonly sweeper: Sweeper;
  readonly holds: Holds;
  readonly dispatch: Dispatch;
  readonly direct: DirectSends;
  readonly held: HeldTemplates;
  readonly portfolios: Portfolios;
  readonly sent: Send[];
  /** Names of recipients that the carrier told. */
  readonly names: Recognized[];
  /** Accepts the messages; throws when one is refused. */
  readonly put: (...messages: Outbound[]) => Promise<string[]>;
}

export interface OutboxGround {
  readonly g: Ground;
  readonly clock: { -readonly [Name in keyof Clock]: Clock[Name] };
  /** Moves the clock ahead. */
  readonly step: (ms: number) => void;
  /** An outbox whose carrier is a function: the network is the one seam. */
  readonly node: (answer: Answer, more?: OutboxOptions) => Promise<OutboxNode>;
  readonly hello: (more?: Partial<Outbound>) => Outbound;
  /** A webhook of the ground's sender came just now. */
  readonly heard: () => Promise<void>;
  readonly row: (id: string) => ReturnType<typeof rowOf>;
  /** Waits for a status; fails with the one it stays at. */
  readonly becomes: (id: string, status: StatusName) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function outboxGround(): Promise<OutboxGround> {
  const g = await ground();
  const real = await databaseClock(g.store.db);
  let aheadMs = 0;
  const clock = {
    ...real,
    now: () => new Date(real.now().getTime() + aheadMs),
    monotonic: () => real.monotonic() + aheadMs,
    wall: () => real.wall() + aheadMs,
  };
  const stops: (() => Promise<void>)[] = [];
  return {
    g,
    clock,
    step: ms => {
      aheadMs += ms;
    },
    node: async (answer, more = {}) => {
      const node = await outbox(g, clock, answer, more);
      const sweeping = more.sweeps ? upkeep(50, () => node.sweeper.sweep(), thrown) : undefined;
      stops.push(async () => {
        await sweeping?.stop();
        await node.direct.stop();
        await node.dispatch.stop();
        await node.settle.idle();
      });
      return node;
    },
    hello: (more = {}) => ({
      workspaceId: g.workspace,
      senderId: g.sender,
      dialect: 'telnyx',
      recipient: '+15557654321',
      content: { type: 'text', text: { body: 'hi' } },
      ...more,
    }),
    heard: async () => {
      const at = clock.now();
      await g.store.db
        .insertInto('sender_webhooks')
        .values({ sender_id: g.sender, first_at: at, last_at: at })
        .onConflict(on => on.column('sender_id').doUpdateSet({ last_at: at }))
        .execute();
    },
    row: id => rowOf(g, id),
    becomes: (id, status) =>
      expect
        .poll(async () => statusName((await rowOf(g, id)).status), { timeout: 5_000, interval: 10 })
        .toBe(status),
    close: async () => {
      for (const stop of stops) await stop();
      await g.close();
    },
  };
}

function thrown(error: unknown): never {
  throw error;
}

const rowOf = (g: Ground, id: string) =>
  g.store.db.selectFrom('messages').selectAll().where('id', '=', id).executeTakeFirstOrThrow();

async function outbox(g: Ground, clock: Clock, answer: Answer, more: OutboxOptions): Promise<OutboxNode> {
  const sent: Send[] = [];
  const names: Recognized[] = [];
  const stateOf = more.templateState ?? (() => 'sendable' as const);
  const nodeId = more.nodeId ?? newId();
  const holds = new Holds({
    store: g.store,
    clock,
    nodeId,
    probe: more.probe ?? (async () => undefined),
    renew: () => dispatch.renew(),
    onProbed: () => {},
  });
  const depth = new QueueDepth(g.store, clock, more.queueMax ?? 1_000_000);
  const settle: Settle = new Settle({
    store: g.store,
    clock,
    unconfirmedDeadlineMs: 60_000,
    hold: (senderId, ms, slower) => dispatch.hold(senderId, ms, slower),
    holds,
    wake: senderIds => dispatch.wake(senderIds),
    depth,
    confirmHeld: more.confirmHeld ?? (async () => false),
    random: () => 0,
    apply: applyTo(g.store, clock, {
      onApplied: applied => {
        dispatch.wake(applied.woken);
        for (const { sender, count } of applied.left) depth.left(sender, count);
      },
    }),
    onNames: (_sender, told) => void names.push(told),
    onMarketingStopped: () => {},
    onDirect: id => direct.settled(id),
    onAlert: () => {},
  });
  const direct = new DirectSends({
    store: g.store,
    settle,
    alone: more.alone ?? true,
    onError: thrown,
  });
  direct.start();
  const dispatch: Dispatch = new Dispatch({
    store: g.store,
    clock,
    nodeId,
    alone: more.alone ?? true,
    settle,
    depth,
    rateOf: more.rateOf ?? (() => 1000),
    workspaceOf: () => g.workspace,
    limitOf: () => more.limit?.(),
    send: async (_sender, send) => {
      sent.push(send);
      return answer(send, sent.length);
    },
    isHeld: templateId => stateOf(templateId) === 'held',
    sendTimeoutMs: 20_000,
    inFlightMax: 64,
    onError: error => {
      throw error;
    },
  });
  const sweeper = new Sweeper({
    store: g.store,
    clock,
    startedAt: clock.now(),
    unconfirmedDeadlineMs: 60_000,
    settle,
    wake: senderIds => dispatch.wake(senderIds),
  });
  await dispatch.start();
  const repeats = new Repeats({ store: g.store, clock, alone: more.alone ?? true });
  const accept = new Accept({
    depth,
    repeats,
    fail: (message, failure) => void settle.fail(message, failure),
    suppress: (message, mask) => void settle.suppress(message, mask),
    store: g.store,
    clock,
    maskOf: () => 255 | EVENT.unreceipted,
    wake: senderIds => dispatch.wake(senderIds),
    checkTemplate: more.checkTemplate ?? (() => ({ ok: true, templateId: undefined, category: undefined })),
    closedIsKnown: more.closedIsKnown ?? (() => false),
    termsOf: more.termsOf ?? (() => undefined),
  });
  const held = new HeldTemplates({
    store: g.store,
    settle,
    stateOf,
    wake: senderIds => dispatch.wake(senderIds),
  });
  const portfolios = new Portfolios({
    store: g.store,
    clock,
    limitOf: () => more.limit?.()?.people,
    wake: senderIds => dispatch.wake(senderIds),
  });
  const put = async (...messages: Outbound[]): Promise<string[]> =>
    (await accept.accept(messages)).map(one => {
      if (one.kind === 'refused') throw new Error(`refused: ${one.failure.code}`);
      return one.id;
    });
  return {
    accept,
    repeats,
    depth,
    settle,
    sweeper,
    holds,
    dispatch,
    direct,
    held,
    portfolios,
    sent,
    names,
    put,
  };
}

export const accepted: Answer = (send, count) => ({
  kind: 'accepted',
  wamid: `wamid.${count}.${send.callback}`,
});

export const failing = (failure: Partial<Failure>): SendResult => ({
  kind: 'failed',
  failure: { code: '1', title: 'x', outcome: 'final', remedy: '', source: 'meta', ...failure },
});
