import { CONSENT_POLICY, type ConsentPolicy, consentMask } from '../message/consent.ts';
import { newId } from '../message/id.ts';
import { type DialectName, type Outbound, PRIORITY } from '../message/message.ts';
import { canonicalRecipient } from '../message/phone.ts';
import type { TemplateVerdict } from '../templates/check.ts';
import type { Row } from './accept-statement.ts';

/** What a workspace says of its messages where they say nothing themselves. */
export interface Terms {
  /** How long a message may wait until it is sent. */
  readonly validForMs: number | undefined;
  /** How long the outcome of a send may stay unknown. */
  readonly unconfirmedDeadlineMs: number | undefined;
  readonly consentPolicy: ConsentPolicy;
}

/** A message that says nothing of its validity is not sent later than this. */
const VALID_MS = 24 * 3_600_000;

/** A one-time code is of no use later (meta-cloud-api §7: the default life of an authentication template). */
const VALID_CODE_MS = 10 * 60_000;

/** Meta: what an authentication template without a life of its own has. */
const CODE_TTL_S = 600;

export interface RowOptions {
  /** The events that a dialect's per-message URL gets, as a mask. */
  readonly maskOf: (dialect: DialectName) => number;
  /** True when the sender's webhooks have come without a gap: then a window that does not stand open is closed. */
  readonly closedIsKnown: (senderId: string) => boolean;
  /** What the workspace has set; undefined for the defaults. */
  readonly termsOf: (workspaceId: string) => Terms | undefined;
}

/**
 * A message as it is stored.
 *
 * @param requestHash of the request that it came with
 * @returns undefined where its template does not allow it, and its caller is to be refused
 */
export function rowOf(
  options: RowOptions,
  message: Outbound,
  verdict: TemplateVerdict,
  createdAt: Date,
  requestHash: string | undefined,
): Row | undefined {
  const refuses = message.known !== 'report';
  if (!verdict.ok && refuses) return undefined;
  const { content } = message;
  const category = verdict.ok ? verdict.category : undefined;
  // With a category Meta makes a template of it (Direct Send, meta-cloud-api §3.3): the window does not matter.
  const terms = options.termsOf(message.workspaceId);
  const validForMs =
    message.validForMs ?? (category === 'AUTHENTICATION' ? VALID_CODE_MS : (terms?.validForMs ?? VALID_MS));
  const freeForm = content.type !== 'template' && (content.category ?? 'service') === 'service';
  const recipientKey = canonicalRecipient(message.recipient);
  return {
    id: newId(),
    w: message.workspaceId,
    s: message.senderId,
    d: message.dialect,
    r: message.recipient,
    rk: recipientKey === message.recipient ? undefined : recipientKey,
    k: content.type,
    c: JSON.stringify(content),
    p: PRIORITY[message.priority ?? priorityOf(category)],
    m:
      message.webhookUrl === undefined || message.dialect === undefined ? 0 : options.maskOf(message.dialect),
    cb: message.callbackData,
    u: message.webhookUrl,
    fu: message.webhookFailoverUrl,
    t: verdict.ok ? verdict.templateId : undefined,
    v: new Date(createdAt.getTime() + validForMs).toISOString(),
    // A caller who was told of a doubt does not expect a second try.
    up: message.direct === true ? 'fail' : message.unconfirmedPolicy,
    um: message.unconfirmedDeadlineMs ?? terms?.unconfirmedDeadlineMs,
    f: freeForm,
    x: freeForm && options.closedIsKnown(message.senderId),
    at: createdAt.toISOString(),
    tl: ttlOf(message, verdict),
    h: requestHash,
    cm: consentsOf(message, category, terms?.consentPolicy ?? CONSENT_POLICY),
    cr: refuses,
    z: verdict.ok ? undefined : true,
    o: message.direct === true ? true : undefined,
  };
}

/** A template whose category nobody knows may be an advertisement. */
function consentsOf(
  { content, consent }: Outbound,
  category: string | undefined,
  policy: ConsentPolicy,
): number {
  const marketing = content.type === 'template' && (category === 'MARKETING' || category === undefined);
  if (consent === undefined) return consentMask(policy, marketing);
  return consent.mask | (marketing ? consent.marketingMask : 0);
}

/** How long WhatsApp tries to deliver it, where that is shorter than usual (meta-cloud-api §3.4). */
function ttlOf({ content }: Outbound, verdict: TemplateVerdict): number | undefined {
  const said = content.ttl_seconds ?? (verdict.ok ? verdict.ttlSeconds : undefined);
  if (said !== undefined && said > 0) return said;
  return verdict.ok && verdict.category === 'AUTHENTICATION' ? CODE_TTL_S : undefined;
}

/** A code that somebody waits for goes before the rest, an advertisement after it. */
function priorityOf(category: string | undefined): keyof typeof PRIORITY {
  if (category === 'AUTHENTICATION') return 'reply';
  return category === 'MARKETING' ? 'bulk' : 'normal';
}
