import type { Outbound } from './message/message.ts';
import { wordFinder } from './message/stop-words.ts';
import type { InboundRow } from './outbox/apply.ts';
import type { Parts } from './parts.ts';
import type { Consents } from './recipients/consents.ts';
import { type Heard, wishesIn } from './recipients/hear.ts';

const USUAL_WORDS = wordFinder({});

/**
 * Takes the wishes in what people write into the ledger, before anything else follows from it, and answers them where
 * the workspace wants that.
 */
export function composeHearing(
  { directory, onError }: Pick<Parts, 'directory' | 'onError'>,
  consents: Consents,
  accept: (messages: readonly Outbound[]) => Promise<unknown>,
): (rows: readonly InboundRow[]) => Promise<void> {
  const wordsOf = (workspaceId: string) => directory.workspace(workspaceId)?.words ?? USUAL_WORDS;
  return async rows => {
    const senderOf = new Map<Heard, string>();
    const heard = rows.flatMap(row => {
      // What the business itself wrote in the app is nobody's wish.
      if (row.direction !== 1) return [];
      const one: Heard = {
        workspaceId: row.workspace,
        customer: row.recipient,
        kind: row.kind,
        content: row.content,
        at: new Date(row.at),
      };
      senderOf.set(one, row.sender);
      return [one];
    });
    for (const { wish, heard: one, changes } of wishesIn(heard, wordsOf)) {
      const changed = await consents.record(changes);
      const words = wordsOf(one.workspaceId);
      const reply = wish === 'stop' ? words.stopReply : words.startReply;
      // What Meta tells again is no news, and is not answered again.
      if (changed.length === 0 || reply === undefined) continue;
      const answer: Outbound = {
        workspaceId: one.workspaceId,
        senderId: senderOf.get(one)!,
        dialect: undefined,
        recipient: one.customer,
        content: { type: 'text', text: { body: reply } },
        priority: 'reply',
        consent: { mask: 0, marketingMask: 0, known: 'refuse' },
      };
      // The window opens with the message that is being taken in: nobody waits here for what follows.
      setTimeout(() => accept([answer]).catch(error => onError(error, 'answer a STOP word')), REPLY_MS);
    }
  };
}

/** After this the message that is answered is stored, and its window open. */
const REPLY_MS = 1_000;
