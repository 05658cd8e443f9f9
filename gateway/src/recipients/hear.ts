import type { Wish, WordFinder } from '../message/stop-words.ts';
import type { ConsentChange } from './consents.ts';

/** What somebody wrote, as far as it can be a wish. */
export interface Heard {
  readonly workspaceId: string;
  readonly customer: string;
  readonly kind: string;
  /** Meta's message, JSON. */
  readonly content: string;
  readonly at: Date;
}

/** Kinds of messages that can be one word: typed, or a button tapped. */
const WORDY: readonly string[] = ['text', 'button', 'interactive'];

/**
 * The wishes in what people write: a STOP word holds back, a START word lifts what the person, or somebody for the
 * person, had said. Neither touches the block list, or what only WhatsApp's own switch can lift.
 */
export function wishesIn(
  heard: readonly Heard[],
  finderOf: (workspaceId: string) => WordFinder,
): { readonly wish: Wish; readonly heard: Heard; readonly changes: readonly ConsentChange[] }[] {
  return heard.flatMap(one => {
    if (!WORDY.includes(one.kind)) return [];
    const finder = finderOf(one.workspaceId);
    const wish = textsOf(one)
      .map(finder.wishOf)
      .find(found => found !== undefined);
    if (wish === undefined) return [];
    const { workspaceId, customer, at } = one;
    const change = { workspaceId, customer, at, source: 'keyword', active: wish === 'stop' } as const;
    const changes: ConsentChange[] = [{ ...change, reason: 'stopped' }];
    if (wish === 'start') changes.push({ ...change, reason: 'unsubscribed' });
    return [{ wish, heard: one, changes }];
  });
}

/** What was typed, or what stands on the button that was tapped. */
function textsOf({ content }: Heard): string[] {
  const message = JSON.parse(content) as {
    text?: { body?: unknown };
    button?: { text?: unknown; payload?: unknown };
    interactive?: { button_reply?: { title?: unknown } };
  };
  return [
    message.text?.body,
    message.button?.text,
    message.button?.payload,
    message.interactive?.button_reply?.title,
  ].filter(text => typeof text === 'string');
}
