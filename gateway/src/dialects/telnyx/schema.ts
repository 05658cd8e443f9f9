import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { Settings } from 'typebox/system';
import { CONTENT_KINDS, type ContentKind } from '../../message/content.ts';

/** Typed clients write `null` for what they leave out. */
const optionalText = Type.Optional(Type.Unsafe<string | null>({ type: ['string', 'null'] }));

/** telnyx §4.2; the content under the key that `type` names has rules of its own in check.ts. */
const WhatsappMessage = Type.Object({
  type: Type.Enum([...CONTENT_KINDS]),
  biz_opaque_callback_data: optionalText,
});

/** telnyx §4.1; phone numbers and URLs have rules of their own in check.ts. */
const Envelope = Type.Object({
  from: Type.String(),
  to: Type.String(),
  type: Type.Optional(Type.Enum(['WHATSAPP'])),
  webhook_url: optionalText,
  webhook_failover_url: optionalText,
  messaging_profile_id: optionalText,
  whatsapp_message: WhatsappMessage,
});

/** A caller's message: what is said is under the key that `type` names. */
export type WireMessage = Readonly<Record<string, unknown>> & {
  readonly type: ContentKind;
  readonly biz_opaque_callback_data?: string | null;
};

export type Send = Omit<Static<typeof Envelope>, 'whatsapp_message'> & {
  readonly whatsapp_message: WireMessage;
};

/**
 * A caller sees everything that is wrong at once, but a hostile body is not answered with a million entries. The
 * library's own limit, 8, is less than one careless body can hold.
 */
export const FAULTS_MAX = 32;
Settings.Set({ maxErrors: FAULTS_MAX });

/** Compiled by TypeBox: 5 ns for a text against 8 ns by Ajv, and its list of errors is bounded. */
export const ENVELOPE = Compile(Envelope);
