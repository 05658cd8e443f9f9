import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';

/** The types of `whatsapp_message` that are served. */
export const SERVED = ['text', 'template'] as const;

/** Template names at Meta (telnyx §7). */
const TEMPLATE_NAME_MAX = 512;

/** Buttons of a template are counted from 0 to 9 (meta-cloud-api §3.2). */
const BUTTON_INDEX_MAX = 9;

/** Typed clients write `null` for what they leave out. */
const optionalText = Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'] }));

/** telnyx §4.1; phone numbers and URLs have rules of their own in check.ts. */
const envelope = {
  from: Type.String(),
  to: Type.String(),
  type: Type.Optional(Type.Enum(['WHATSAPP'])),
  webhook_url: optionalText,
  webhook_failover_url: optionalText,
  messaging_profile_id: optionalText,
};

/** telnyx §4.2 */
const common = {
  context: Type.Optional(Type.Object({ message_id: Type.String({ minLength: 1 }) })),
  biz_opaque_callback_data: Type.Optional(Type.String()),
};

const TextMessage = Type.Object({
  ...common,
  type: Type.Literal('text'),
  text: Type.Object({ body: Type.String(), preview_url: Type.Optional(Type.Boolean()) }),
});

/** telnyx §4.3. Parameters go to Meta as they are: Telnyx types only some of the kinds that it documents. */
const TemplateComponent = Type.Object({
  type: Type.Enum(['header', 'body', 'button']),
  sub_type: Type.Optional(Type.Enum(['quick_reply', 'url'])),
  index: Type.Optional(
    Type.Unsafe<number | string>({
      type: ['integer', 'string'],
      minimum: 0,
      maximum: BUTTON_INDEX_MAX,
      pattern: `^[0-${BUTTON_INDEX_MAX}]$`,
    }),
  ),
  parameters: Type.Optional(Type.Array(Type.Unsafe<Record<string, unknown>>({ type: 'object' }))),
});

const TemplateMessage = Type.Object({
  ...common,
  type: Type.Literal('template'),
  template: Type.Object({
    name: Type.String({ minLength: 1, maxLength: TEMPLATE_NAME_MAX }),
    language: Type.Object({ code: Type.String({ minLength: 1 }), policy: Type.Optional(Type.String()) }),
    components: Type.Optional(Type.Array(TemplateComponent)),
  }),
});

export const TextSend = Type.Object({ ...envelope, whatsapp_message: TextMessage });
export const TemplateSend = Type.Object({ ...envelope, whatsapp_message: TemplateMessage });
const OtherSend = Type.Object({
  ...envelope,
  whatsapp_message: Type.Object({ ...common, type: Type.Enum([...SERVED]) }),
});

export type Send = Static<typeof TextSend> | Static<typeof TemplateSend>;

/**
 * A caller sees everything that is wrong at once, but a hostile body is not answered with a million entries. The
 * library's own limit, 8, is less than one careless template can hold.
 */
export const FAULTS_MAX = 32;
Settings.Set({ maxErrors: FAULTS_MAX });

/**
 * One validator for each type, so that errors are about the type that was meant and not about all of a union.
 * Compiled by TypeBox: 5 ns for a text against 8 ns by Ajv, and its list of errors is bounded.
 */
export const VALIDATORS = {
  text: Compile(TextSend),
  template: Compile(TemplateSend),
  other: Compile(OtherSend),
} as const;
