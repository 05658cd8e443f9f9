import { titleOf } from './graph/codes.ts';
import type { Message } from './message.ts';

/** A message as the page and tests see it. */
export type PhoneMessage = Record<string, unknown> & {
  wamid: string;
  phone: string;
  failure?: { code: number; title: string };
};

export function phoneMessage(message: Message): PhoneMessage {
  const { wamid, phone, sender, direction, type, content, context, status, failure } = message;
  const rendered = render(type, content);
  return {
    wamid,
    phone,
    sender: { phone_number: sender.phoneNumber, display_name: sender.displayName },
    direction,
    type,
    [type]: content,
    ...(rendered !== undefined && { rendered }),
    ...(context !== undefined && { context: { id: context } }),
    at: new Date(message.at).toISOString(),
    status,
    ...(failure !== undefined && { failure: { code: failure, title: titleOf(failure) } }),
  };
}

interface Template {
  name: string;
  language: { code: string };
  components?: Component[];
}

interface Component {
  type: string;
  sub_type?: string;
  index?: string | number;
  parameters?: Parameter[];
}

interface Parameter {
  type: string;
  parameter_name?: string;
  text?: string;
  payload?: string;
  coupon_code?: string;
  currency?: { fallback_value?: string };
  date_time?: { fallback_value?: string };
}

/** Every WhatsApp Business Account owns this sample; its wording is Meta's. */
const HELLO_WORLD =
  'Hello World\n\n' +
  'Welcome and congratulations!! This message demonstrates your ability to send a WhatsApp message ' +
  'notification from the Cloud API, hosted by Meta. Thank you for taking the time to test with us.\n\n' +
  'WhatsApp Business Platform sample message';

/** The text that a phone shows; undefined when the content speaks for itself. */
function render(type: string, content: unknown): string | undefined {
  if (type === 'text') return (content as { body: string }).body;
  return type === 'template' ? renderTemplate(content as Template) : undefined;
}

/** Without the approved wording at hand: name, language and what was filled in, component by component. */
function renderTemplate(template: Template): string {
  if (template.name === 'hello_world') return HELLO_WORLD;
  const lines = [`${template.name} (${template.language.code})`];
  for (const component of template.components ?? []) {
    const values = (component.parameters ?? []).map(renderParameter);
    if (values.length === 0) continue;
    const kind = component.type.toLowerCase();
    const place = kind === 'button' ? `button ${component.index ?? 0}` : kind;
    lines.push(`${place}: ${values.join(', ')}`);
  }
  return lines.join('\n');
}

function renderParameter(parameter: Parameter): string {
  const value =
    parameter.text ??
    parameter.payload ??
    parameter.coupon_code ??
    parameter.currency?.fallback_value ??
    parameter.date_time?.fallback_value ??
    `[${parameter.type}]`;
  return parameter.parameter_name === undefined ? value : `${parameter.parameter_name} = ${value}`;
}
