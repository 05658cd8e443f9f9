/**
 * What can be reported about a message or an account. Each kind is one bit, so that a message's own interest and an
 * endpoint's are a mask on their row and the settle statement selects its reports with one `&`.
 */
export const EVENT = {
  sent: 1,
  delivered: 2,
  read: 4,
  failed: 8,
  suppressed: 16,
  canceled: 32,
  expired: 64,
  inbound: 128,
  /** A template's status, quality, category or content changed. */
  template: 256,
  /** A business account was restricted, reviewed, warned; whatever Meta says of it that has no word of its own. */
  account: 512,
  /** A number's quality, throughput or name changed. */
  number: 1024,
  /** A message that was sent from the WhatsApp Business app on a number that is in both. */
  echo: 2048,
  /** WhatsApp took it, and never told of a delivery while it tried. */
  unreceipted: 4096,
  /** Somebody opted out, in, or was put on the block list. */
  consent: 8192,
  /** A contact was made, changed or deleted. */
  contact: 16384,
} as const;

export type EventName = keyof typeof EVENT;

/** What is told of an account, a number or a person, and not of a message. */
const NOTICE_EVENTS = ['template', 'account', 'number', 'consent', 'contact'] as const;
export type NoticeEvent = (typeof NOTICE_EVENTS)[number];
export type MessageEvent = Exclude<EventName, NoticeEvent>;

const NAMES = new Map<number, EventName>(
  Object.entries(EVENT).map(([name, bit]) => [bit, name as EventName]),
);

/** The name of one event bit; throws on a number that is none. */
export function eventName(bit: number): EventName {
  const name = NAMES.get(bit);
  if (name === undefined) throw new Error(`unknown event bit ${bit}`);
  return name;
}

/** What Wirebird itself calls events, where no vendor's names are asked for. */
export const EVENT_TYPES: Readonly<Record<EventName, string>> = {
  sent: 'message.sent',
  delivered: 'message.delivered',
  read: 'message.read',
  failed: 'message.failed',
  suppressed: 'message.suppressed',
  canceled: 'message.canceled',
  expired: 'message.expired',
  inbound: 'message.received',
  echo: 'message.echoed',
  unreceipted: 'message.unreceipted',
  template: 'notice.template',
  account: 'notice.account',
  number: 'notice.number',
  consent: 'notice.consent',
  contact: 'notice.contact',
};

export function isNoticeEvent(name: EventName): name is NoticeEvent {
  return (NOTICE_EVENTS as readonly string[]).includes(name);
}

/** A mask with the bit of each named event. */
export function eventMask(names: readonly EventName[]): number {
  return names.reduce((mask, name) => mask | EVENT[name], 0);
}
