import type { LiveEvent } from '../events.ts';
import type { Delivery } from './receiver.ts';

/** The sandbox keeps this many deliveries of a receiver, newest; the page keeps no more. */
export const KEPT_PER_RECEIVER = 500;

/** A receiver's deliveries after the events, newest first; the same array when none of them concerns it. */
export function applyToDeliveries(
  deliveries: Delivery[],
  receiver: string,
  events: readonly LiveEvent[],
): Delivery[] {
  const told = new Map<number, Delivery>();
  for (const event of events) {
    if (event.kind === 'delivery' && event.delivery.receiver === receiver) {
      told.set(event.delivery.id, event.delivery);
    }
  }
  if (told.size === 0) return deliveries;
  const byId = new Map([...deliveries.map(each => [each.id, each] as const), ...told]);
  return [...byId.values()].sort((a, b) => b.id - a.id).slice(0, KEPT_PER_RECEIVER);
}
