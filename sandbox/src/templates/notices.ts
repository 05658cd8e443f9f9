import { partOf, type Template, type TemplateStatus } from './template.ts';

/** A webhook about a template: its field and value. */
export interface TemplateNotice {
  wabaId: string;
  field: string;
  value: Record<string, unknown>;
}

/** What a status webhook says beside the status. */
export interface StatusExtra {
  /** `other_info.title`: FIRST_PAUSE, SECOND_PAUSE, RATE_LIMITING_PAUSE, UNPAUSE, DISABLED */
  title?: string;
  description?: string;
  /** ms */
  disabledAt?: number;
}

/** Sends write `en_US`, these webhooks `en-US` (meta-cloud-api §5.5). */
function nameOf({ id, name, language }: Template): Record<string, unknown> {
  return {
    message_template_id: Number(id),
    message_template_name: name,
    message_template_language: language.replace('_', '-'),
  };
}

export function statusNotice(
  template: Template,
  event: TemplateStatus | 'DELETED' | 'REINSTATED',
  { title, description, disabledAt }: StatusExtra = {},
): TemplateNotice {
  const { wabaId, reason, category } = template;
  return {
    wabaId,
    field: 'message_template_status_update',
    value: {
      event,
      ...nameOf(template),
      reason: event === 'PAUSED' || event === 'DISABLED' ? null : reason,
      message_template_category: category,
      ...(title !== undefined && { other_info: { title, description: description ?? title } }),
      ...(disabledAt !== undefined && {
        disable_info: { disable_date: new Date(disabledAt).toISOString().slice(0, 10) },
      }),
      ...(event === 'REJECTED' && {
        rejection_info: {
          reason: `The review ended with ${reason}.`,
          recommendation: 'Change the template and submit it again.',
        },
      }),
    },
  };
}

export function qualityNotice(template: Template, previous: string): TemplateNotice {
  return {
    wabaId: template.wabaId,
    field: 'message_template_quality_update',
    value: {
      previous_quality_score: previous,
      new_quality_score: template.quality,
      ...nameOf(template),
    },
  };
}

/** Meta announces a change a day ahead, where `new_category` is the one it has; done, it names both. */
export function categoryNotice(template: Template): TemplateNotice {
  return {
    wabaId: template.wabaId,
    field: 'template_category_update',
    value: {
      ...nameOf(template),
      previous_category: template.previousCategory,
      new_category: template.category,
    },
  };
}

export function componentsNotice(template: Template): TemplateNotice {
  const { components } = template;
  const title = partOf(components, 'HEADER')?.text;
  const footer = partOf(components, 'FOOTER')?.text;
  const buttons = partOf(components, 'BUTTONS')?.buttons;
  return {
    wabaId: template.wabaId,
    field: 'message_template_components_update',
    value: {
      ...nameOf(template),
      message_template_element: partOf(components, 'BODY')?.text ?? '',
      ...(title !== undefined && { message_template_title: title }),
      ...(footer !== undefined && { message_template_footer: footer }),
      ...(buttons !== undefined && {
        message_template_buttons: buttons.map(({ type, text, url, phone_number }) => ({
          message_template_button_type: type,
          message_template_button_text: text,
          ...(url !== undefined && { message_template_button_url: url }),
          ...(phone_number !== undefined && { message_template_button_phone_number: phone_number }),
        })),
      }),
    },
  };
}
