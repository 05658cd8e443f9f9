import type { Content } from '../../message/content.ts';
import type { Message } from '../../message/message.ts';
import type { Refusal } from '../../problem.ts';
import type { Template } from '../../templates/template.ts';
import { unknownTemplate } from '../../templates/template.ts';
import type { Below } from '../dialect.ts';
import { field } from '../field.ts';
import { withMediaIds } from '../media-names.ts';
import { type Fault, refuseFaults, refuseSend } from './errors.ts';
import type { WireMessage } from './schema.ts';

export type Named =
  | { readonly ok: true; readonly content: Content }
  | { readonly ok: false; readonly refusal: Refusal };

interface Sender {
  readonly workspaceId: string;
  readonly wabaId: string;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * Puts Meta's names in the place of those that only we have: a template's id, the name of an uploaded media, our own id
 * of a message that is answered or reacted to. Costs a query only when there is a media's name or a message's id.
 */
export async function withMetasNames(
  message: WireMessage,
  content: Content,
  sender: Sender,
  below: Pick<Below, 'templates' | 'findMessage' | 'media'>,
): Promise<Named> {
  let named = content;
  if (named.type === 'template') {
    const id = field(message.template, 'template_id');
    if (typeof id === 'string') {
      const template = templateOf(id, sender, below.templates);
      // An id of Telnyx's own is not known here; a program that gives name and language too means the same.
      if (template !== undefined) {
        const { name, language } = template;
        const policy = named.template.language?.policy;
        named = {
          ...named,
          template: {
            ...named.template,
            name,
            language: { ...(policy === undefined ? {} : { policy }), code: language },
          },
        };
      } else if (named.template.name === undefined || named.template.language === undefined) {
        return { ok: false, refusal: refuseSend(unknownTemplate(id, 'any language')) };
      }
    }
  }
  const find = (id: string): Promise<Message | undefined> => below.findMessage(sender.workspaceId, id);
  if (named.context !== undefined && UUID.test(named.context.message_id)) {
    const wamid = wamidOf(await find(named.context.message_id), '/context/message_id');
    if (typeof wamid !== 'string') return { ok: false, refusal: refuseFaults(422, [wamid]) };
    named = { ...named, context: { message_id: wamid } };
  }
  if (named.type === 'reaction' && UUID.test(named.reaction.message_id)) {
    const wamid = wamidOf(await find(named.reaction.message_id), '/reaction/message_id');
    if (typeof wamid !== 'string') return { ok: false, refusal: refuseFaults(422, [wamid]) };
    named = { ...named, reaction: { ...named.reaction, message_id: wamid } };
  }
  return { ok: true, content: await withMediaIds(named, sender.workspaceId, below.media) };
}

/** By our id or by Meta's; one of another business account is not this number's. */
function templateOf(
  id: string,
  { workspaceId, wabaId }: Sender,
  templates: Below['templates'],
): Template | undefined {
  const template = templates.byId(workspaceId, id.toLowerCase()) ?? templates.byMetaId(workspaceId, id);
  return template?.wabaId === wabaId ? template : undefined;
}

function wamidOf(message: Message | undefined, place: string): string | Fault {
  const pointer = `/whatsapp_message${place}`;
  if (message === undefined) return { code: '10015', detail: 'You have no message with this id.', pointer };
  if (message.wamid !== undefined) return message.wamid;
  const detail = `The message with this id is ${message.status}: WhatsApp does not know it yet.`;
  return { code: '10015', detail, pointer };
}
