/**
 * What can be reported about a message. Each kind is one bit, so that a message's own interest and an endpoint's are
 * a mask on their row and the settle statement selects its reports with one `&`.
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
} as const;

export type EventName = keyof typeof EVENT;

const NAMES = new Map<number, EventName>(
  Object.entries(EVENT).map(([name, bit]) => [bit, name as EventName]),
);

/** The name of one event bit; throws on a number that is none. */
export function eventName(bit: number): EventName {
  const name = NAMES.get(bit);
  if (name === undefined) throw new Error(`unknown event bit ${bit}`);
  return name;
}

/** A mask with the bit of each named event. */
export function eventMask(names: readonly EventName[]): number {
  return names.reduce((mask, name) => mask | EVENT[name], 0);
}
