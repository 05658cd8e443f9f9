/** Meta's three categories; what a message costs goes by it. */
export const CATEGORIES = ['AUTHENTICATION', 'MARKETING', 'UTILITY'] as const;
export type Category = (typeof CATEGORIES)[number];

/** Where a template is in its life (meta-cloud-api §5.5, §7); only APPROVED ones can be sent. */
export const STATUSES = [
  'PENDING',
  'APPROVED',
  'REJECTED',
  'PAUSED',
  'DISABLED',
  'FLAGGED',
  'LOCKED',
  'ARCHIVED',
  'IN_APPEAL',
  'LIMIT_EXCEEDED',
  'PENDING_DELETION',
] as const;
export type TemplateStatus = (typeof STATUSES)[number];

export const QUALITIES = ['GREEN', 'YELLOW', 'RED', 'UNKNOWN'] as const;
export type Quality = (typeof QUALITIES)[number];

/** Why a review was lost (meta-cloud-api §5.5). */
export const REASONS = [
  'NONE',
  'ABUSIVE_CONTENT',
  'INCORRECT_CATEGORY',
  'INVALID_FORMAT',
  'PROMOTIONAL',
  'SCAM',
  'TAG_CONTENT_MISMATCH',
] as const;
export type Reason = (typeof REASONS)[number];

/** A button of a definition, as it is read at Meta. */
export interface Button {
  type: string;
  text?: string;
  url?: string;
  phone_number?: string;
  [field: string]: unknown;
}

/** A component of a definition, as it is read at Meta; `type` and `format` in capitals. */
export interface Component {
  type: string;
  format?: string;
  text?: string;
  buttons?: Button[];
  cards?: { components: Component[] }[];
  limited_time_offer?: { text: string; has_expiration?: boolean };
  [field: string]: unknown;
}

/** What the wording of a template is. An edit makes a new one: a phone goes on showing what it has got. */
export interface Template {
  id: string;
  wabaId: string;
  name: string;
  /** as in sends: `en_US` */
  language: string;
  category: Category;
  previousCategory: Category | undefined;
  named: boolean;
  components: readonly Component[];
  /** seconds that an undelivered message of it is tried for */
  ttlSeconds: number | undefined;
  status: TemplateStatus;
  reason: Reason;
  quality: Quality;
  qualityAt: number;
  /** Meta made it from a Direct Send. */
  generated: boolean;
  /** When the review ends or the pause is over by itself, ms. */
  due: number | undefined;
  /** Times of the edits of an approved wording, ms, the newest 30 days. */
  edits: number[];
  /** How often bad feedback has paused it; the third time it is disabled. */
  pauses: number;
  pausedBy: 'feedback' | 'pacing' | undefined;
  /** Sends of it are held until somebody releases or fails them. */
  pacing: boolean;
}

export const SAMPLE_NAME = 'hello_world';

/** Every WhatsApp Business Account owns this sample; its wording is Meta's. */
export const SAMPLE_COMPONENTS: readonly Component[] = [
  { type: 'HEADER', format: 'TEXT', text: 'Hello World' },
  {
    type: 'BODY',
    text:
      'Welcome and congratulations!! This message demonstrates your ability to send a WhatsApp message ' +
      'notification from the Cloud API, hosted by Meta. Thank you for taking the time to test with us.',
  },
  { type: 'FOOTER', text: 'WhatsApp Business Platform sample message' },
];

/** The variables of a wording in the order they stand: `{{1}}`, `{{first_name}}`. */
export function variablesOf(text: string | undefined): string[] {
  if (text === undefined || !text.includes('{{')) return [];
  return [...text.matchAll(/\{\{([^{}]*)\}\}/g)].map(([, name]) => name!.trim());
}

export function partOf(components: readonly Component[], type: string): Component | undefined {
  return components.find(component => component.type === type);
}

export function buttonsOf(components: readonly Component[]): Button[] {
  return partOf(components, 'BUTTONS')?.buttons ?? [];
}

/** The kind of one-time-password button that a button is, since Meta gives them back as links. */
export function otpKind(button: Button | undefined): string | undefined {
  return /^https:\/\/www\.whatsapp\.com\/otp\/code\/\?otp_type=([A-Z_]+)/.exec(button?.url ?? '')?.[1];
}
