import { titleOf } from './graph/codes.ts';
import { mediaIn } from './media/content-media.ts';
import { isMediaKind } from './media/kinds.ts';
import type { Media } from './media/store.ts';
import type { Message } from './message.ts';
import { parameterText, type SendParameter } from './templates/fit.ts';
import { renderTemplate, textOf } from './templates/rendered.ts';
import type { TemplateContent } from './templates/send.ts';

/** A message as the page and tests see it. */
export type PhoneMessage = Record<string, unknown> & {
  wamid: string;
  phone: string;
  failure?: { code: number; title: string };
};

/** Where media are looked up. */
export interface Files {
  any(id: string): Media | undefined;
}

/** @param files what is known of media that a message names by id */
export function phoneMessage(message: Message, files: Files): PhoneMessage {
  const { wamid, phone, sender, direction, type, content, context, status, failure, wording } = message;
  const template = wording && renderTemplate(wording, content as TemplateContent, addressOf);
  const rendered = template === undefined ? textShown(type, content) : textOf(template);
  return {
    wamid,
    phone,
    sender: { phone_number: sender.phoneNumber, display_name: sender.displayName },
    direction,
    type,
    [type]: content,
    ...(rendered !== undefined && { rendered }),
    ...(template && { rendered_template: template }),
    ...(context !== undefined && { context: { id: context } }),
    ...mediaShown(message, files),
    ...(message.reactions?.length && { reactions: message.reactions }),
    ...(message.edited && { edited: true }),
    ...(message.deleted && { deleted: true }),
    at: new Date(message.at).toISOString(),
    status,
    ...(failure !== undefined && { failure: { code: failure, title: titleOf(failure) } }),
  };
}

/** The file of a message that is one. */
function mediaShown({ type, content }: Message, files: Files): { media?: object } {
  const [use] = isMediaKind(type) ? mediaIn(type, { [type]: content }) : [];
  if (use === undefined) return {};
  const known = use.id === undefined ? undefined : files.any(use.id);
  const { filename = known?.filename } = content as { filename?: string };
  return {
    media: {
      url: addressOf(use),
      ...(known && { mime_type: known.mimeType, size: known.size }),
      ...(filename !== undefined && { filename }),
    },
  };
}

/** Where the page finds a media object. */
function addressOf({ id, link }: { id?: string | undefined; link?: string | undefined }): string | undefined {
  return id === undefined ? link : `/sandbox/media/${id}`;
}

/** The text that a phone shows; undefined when the content speaks for itself. */
function textShown(type: string, content: unknown): string | undefined {
  if (type === 'text') return (content as { body: string }).body;
  return type === 'template' ? unknownTemplate(content as TemplateContent) : undefined;
}

/** Its wording is gone: name, language and what was filled in, component by component. */
function unknownTemplate(template: TemplateContent): string {
  const lines = [`${template.name} (${template.language.code})`];
  for (const component of template.components ?? []) {
    const values = (component.parameters ?? []).map(filledIn);
    if (values.length === 0) continue;
    const kind = component.type.toLowerCase();
    const place = kind === 'button' ? `button ${component.index ?? 0}` : kind;
    lines.push(`${place}: ${values.join(', ')}`);
  }
  return lines.join('\n');
}

function filledIn(parameter: SendParameter): string {
  const value =
    parameterText(parameter) || parameter.payload || parameter.coupon_code || `[${parameter.type}]`;
  return parameter.parameter_name === undefined ? value : `${parameter.parameter_name} = ${value}`;
}
