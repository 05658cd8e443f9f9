import { CONSENT } from './message/consent.ts';
import type { Outbound } from './message/message.ts';
import { wordFinder } from './message/stop-words.ts';
import type { InboundRow } from './outbox/apply-statement.ts';
import type { Parts } from './parts.ts';
import type { Consents } from './recipients/consents.ts';
import { type Heard, wishesIn } from './recipients/hear.ts';

const USUAL_WORDS = wordFinder({});

/**
 * Takes the wishes in what people write into the ledger, before anything else follows from it, and answers them where
 * the workspace wants that.
 *
 * @returns what is to be done when the messages are stored, and the windows open that they open
 */
export function composeHearing(
  { directory, onError }: Pick<Parts, 'directory' | 'onError'>,
  consents: Consents,
  accept: (messages: readonly Outbound[]) => Promise<unknown>,
): (rows: readonly InboundRow[]) => Promise<(() => void) | undefined> {
  const wordsOf = (workspaceId: string) => directory.workspace(workspaceId)?.words ?? USUAL_WORDS;
  const blocksOf = (workspaceId: string): boolean =>
    directory.workspace(workspaceId)?.consentPolicy.blockList ?? true;
  return async rows => {
    const answers: Outbound[] = [];
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
      answers.push({
        workspaceId: one.workspaceId,
        senderId: senderOf.get(one)!,
        dialect: undefined,
        recipient: one.customer,
        content: { type: 'text', text: { body: reply } },
        priority: 'reply',
        // An answer to an opt-out is no advertisement; people on the block list get not even that.
        consent: { mask: blocksOf(one.workspaceId) ? CONSENT.blocked : 0, marketingMask: 0 },
      });
    }
    if (answers.length === 0) return undefined;
    return () => void accept(answers).catch(error => onError(error, 'answer a STOP word'));
  };
}
