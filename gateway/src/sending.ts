import { randomUUID } from 'node:crypto';
import type { WhatsApp } from './carriers/whatsapp/client.ts';
import { DIALECTS } from './dialects.ts';
import type { Media } from './media/media.ts';
import { eventMask } from './message/event.ts';
import { Accept } from './outbox/accept.ts';
import type { Apply } from './outbox/apply.ts';
import { QueueDepth } from './outbox/depth.ts';
import { DirectSends } from './outbox/direct.ts';
import { Dispatch } from './outbox/dispatch.ts';
import { HeldTemplates } from './outbox/held-templates.ts';
import { Holds } from './outbox/holds.ts';
import { Portfolios } from './outbox/portfolios.ts';
import { endSilent } from './outbox/receipts.ts';
import { ALIVE_MS, Repeats } from './outbox/repeats.ts';
import { mediaFirst } from './outbox/send.ts';
import { Settle } from './outbox/settle.ts';
import { SilentWalk } from './outbox/silent-walk.ts';
import { Sweeper } from './outbox/sweeper.ts';
import type { Parts } from './parts.ts';
import { type Aliases, aliasesOf } from './recipients/aliases.ts';
import type { Consents } from './recipients/consents.ts';
import type { WebhookHealth } from './recipients/webhook-health.ts';
import type { Templates } from './templates/templates.ts';
import { type Upkeep, upkeep } from './upkeep.ts';

const SWEEP_MS = 1_000;
/** News of a template can be lost, so those that messages wait for are looked at all the same. */
const HELD_LOOK_MS = 60_000;
/** A place is free when somebody's day is over, and no one says so. */
const PLACES_LOOK_MS = 2_000;
const TIDY_MS = 60_000;
const RECEIPTS_MS = 10_000;

export interface SendingOptions {
  /** Nobody else works on this database. */
  readonly alone: boolean;
  readonly whatsapp: WhatsApp;
  readonly templates: Templates;
  readonly media: Media;
  readonly health: WebhookHealth;
  readonly aliases: Aliases;
  readonly consents: Consents;
  readonly apply: Apply;
}

/** The outbox, put together: from the door to Meta's answer. */
export interface Sending {
  readonly accept: Accept;
  readonly repeats: Repeats;
  readonly dispatch: Dispatch;
  readonly direct: DirectSends;
  readonly settle: Settle;
  readonly held: HeldTemplates;
  readonly depth: Pick<QueueDepth, 'left'>;
  readonly portfolios: Portfolios;
  /** Starts the work that comes back by itself. */
  readonly upkeep: () => Upkeep[];
}

export function composeSending(parts: Parts, options: SendingOptions): Sending {
  const { config, log, metrics, store, clock, startedAt, directory, onError } = parts;
  const { whatsapp, templates, media, health } = options;
  const nodeId = randomUUID();
  const holds = new Holds({
    store,
    clock,
    nodeId,
    probe: async senderId => {
      const sender = directory.senderById(senderId);
      const answer = sender === undefined ? undefined : await whatsapp.verifyNumber(sender);
      return answer === undefined || answer.ok ? undefined : answer.failure;
    },
    renew: () => dispatch.renew(),
    onProbed: (sender, failure) =>
      log.info(
        { sender, code: failure?.code },
        failure === undefined ? 'a sender that had to wait is well' : 'a sender must wait still',
      ),
  });
  const depth = new QueueDepth(store, clock, config.queueMax);
  const settle = new Settle({
    store,
    clock,
    unconfirmedDeadlineMs: config.unconfirmedDeadlineMs,
    hold: (senderId, ms, slower) => dispatch.hold(senderId, ms, slower),
    holds,
    wake: senderIds => dispatch.wake(senderIds),
    depth,
    confirmHeld: templateId => templates.confirmHeld(templateId),
    random: Math.random,
    apply: options.apply,
    onNames: (senderId, names) => {
      const sender = directory.senderById(senderId);
      if (sender === undefined) return;
      options.aliases
        .note(aliasesOf(sender.workspaceId, names))
        .catch(error => onError(error, 'learn whom a message went to'));
    },
    onDirect: id => direct.settled(id),
    onMarketingStopped: (senderId, recipient) => {
      const workspaceId = directory.senderById(senderId)?.workspaceId;
      if (workspaceId === undefined) return;
      options.consents
        .record([
          {
            workspaceId,
            customer: recipient,
            reason: 'marketing',
            active: true,
            source: 'meta',
            note: '131050',
          },
        ])
        .catch(error => onError(error, 'write down that somebody wants no marketing'));
    },
    onAlert: (senderId, failure) => {
      metrics.holds.inc({ code: failure.code });
      log.warn(
        { sender: senderId, code: failure.code, title: failure.title, remedy: failure.remedy },
        'a sender must wait',
      );
    },
  });
  const direct = new DirectSends({ store, settle, alone: options.alone, onError });
  const dispatch = new Dispatch({
    store,
    clock,
    nodeId,
    alone: options.alone,
    settle,
    depth,
    rateOf: senderId => directory.senderById(senderId)?.throughput,
    workspaceOf: senderId => directory.senderById(senderId)?.workspaceId,
    limitOf: senderId => {
      const sender = directory.senderById(senderId);
      if (sender === undefined) return undefined;
      const { workspaceId, wabaId } = sender;
      const people = directory.peopleLimit(workspaceId, wabaId);
      return people === undefined ? undefined : { workspaceId, wabaId, people };
    },
    send: mediaFirst({
      clock,
      senderById: senderId => directory.senderById(senderId),
      send: async (sender, send) => {
        const result = await whatsapp.send(sender, send);
        if (result.kind === 'accepted') health.sent(sender.id);
        return result;
      },
      resolve: (sender, content) => media.resolve(sender, content),
      forget: (sender, content) => media.forget(sender, content),
    }),
    isHeld: templateId => templates.stateOf(templateId) === 'held',
    sendTimeoutMs: config.sendTimeoutMs,
    inFlightMax: config.sendConnections,
    onError,
  });
  const masks = new Map(DIALECTS.map(dialect => [dialect.name, eventMask(dialect.events)]));
  const repeats = new Repeats({ store, clock, alone: options.alone });
  const accept = new Accept({
    depth,
    repeats,
    fail: (message, failure) => {
      settle.fail(message, failure).catch(error => onError(error, 'end a message'));
    },
    suppress: (message, mask) => {
      settle.suppress(message, mask).catch(error => onError(error, 'suppress a message'));
    },
    store,
    clock,
    maskOf: dialect => masks.get(dialect) ?? 0,
    wake: senderIds => dispatch.wake(senderIds),
    checkTemplate: message => templates.check(message),
    closedIsKnown: senderId => health.closedIsKnown(senderId),
    termsOf: workspaceId => directory.workspace(workspaceId),
  });
  const held = new HeldTemplates({
    store,
    settle,
    stateOf: templateId => templates.stateOf(templateId),
    wake: senderIds => dispatch.wake(senderIds),
  });
  const portfolios = new Portfolios({
    store,
    clock,
    limitOf: ({ workspaceId, wabaId }) => directory.peopleLimit(workspaceId, wabaId),
    wake: senderIds => dispatch.wake(senderIds),
  });

  const sweeper = new Sweeper({
    store,
    clock,
    startedAt,
    unconfirmedDeadlineMs: config.unconfirmedDeadlineMs,
    settle,
    wake: senderIds => dispatch.wake(senderIds),
  });
  const silentWalk = new SilentWalk({ store, clock, settle, keepDays: config.keepDays });
  const sweep = async (): Promise<void> => {
    const swept = await sweeper.sweep();
    if (swept.unconfirmed > 0) metrics.unconfirmed.inc(swept.unconfirmed);
    if (swept.resent > 0) metrics.resent.inc(swept.resent);
  };
  metrics.queued(() => depth.total);
  return {
    accept,
    repeats,
    dispatch,
    direct,
    settle,
    held,
    depth,
    portfolios,
    upkeep: () => {
      const jobs: [number, () => Promise<unknown>, string][] = [
        [SWEEP_MS, sweep, 'sweep the queue'],
        [SWEEP_MS, () => holds.probe(), 'ask about senders that wait'],
        [HELD_LOOK_MS, () => held.look(), 'look for messages of paused templates'],
        [
          PLACES_LOOK_MS,
          () => portfolios.look(),
          'look for messages that wait for a place in their portfolio',
        ],
        [TIDY_MS, () => sweeper.tidy(), 'tidy the queue'],
        [TIDY_MS, () => portfolios.tidy(), 'forget portfolios without senders'],
        [RECEIPTS_MS, () => endSilent(store, clock, settle), 'end what WhatsApp has given up on'],
        [RECEIPTS_MS, () => silentWalk.run(), 'end what WhatsApp has given up on after 30 days'],
        [SWEEP_MS, () => depth.look(), 'count what waits'],
        [ALIVE_MS, () => repeats.beat(), 'say that this node is alive'],
        [TIDY_MS, () => repeats.tidy(), 'forget requests that do not come again'],
      ];
      return jobs.map(([everyMs, job, doing]) => upkeep(everyMs, job, error => onError(error, doing)));
    },
  };
}
