import { idOf } from './remote.ts';
import { field, word } from './requirements.ts';

/** A webhook about a template (meta-cloud-api §5.5), as it came. */
export interface TemplateNotice {
  readonly wabaId: string;
  readonly field: string;
  readonly value: unknown;
}

export interface TemplateChange {
  readonly metaId: string;
  /** Undefined when the notice says no more than that something changed. */
  readonly patch:
    | {
        readonly status?: string;
        readonly quality?: string;
        readonly category?: string;
        readonly rejected_reason?: string | null;
        readonly gone_at?: Date;
      }
    | undefined;
  /** Meta has to be asked for the rest. */
  readonly reread: boolean;
}

/** Events of a status update that are not the name of the status that follows. */
const STATUS_AFTER: Readonly<Record<string, string>> = {
  REINSTATED: 'APPROVED',
  UNPAUSED: 'APPROVED',
  UNARCHIVED: 'APPROVED',
  // Both tell of a template that goes on being sent.
  FLAGGED: 'APPROVED',
};

/** Reads what follows for the template from a notice about it. */
export function readChange(notice: TemplateNotice, now: Date): TemplateChange {
  const { value } = notice;
  const metaId = idOf(field(value, 'message_template_id')) ?? '';
  // Meta's own sample of a quality update bears the field of a status update: its keys tell it.
  const quality = word(value, 'new_quality_score');
  if (quality !== undefined) return { metaId, patch: { quality }, reread: false };
  switch (notice.field) {
    case 'message_template_status_update': {
      const event = word(value, 'event');
      if (event === undefined) return { metaId, patch: undefined, reread: true };
      const status = STATUS_AFTER[event] ?? event;
      const reason = word(value, 'reason');
      return {
        metaId,
        patch: {
          status,
          ...(status === 'REJECTED' ? { rejected_reason: reason === 'NONE' ? null : (reason ?? null) } : {}),
          ...(status === 'DELETED' ? { gone_at: now } : {}),
        },
        // An approved one may have come back with other words, or be new here.
        reread: status === 'APPROVED',
      };
    }
    case 'template_category_update': {
      // With `correct_category` it tells of tomorrow, and `new_category` is still the present one.
      const category = word(value, 'new_category');
      const coming = word(value, 'correct_category') !== undefined;
      return {
        metaId,
        patch: category === undefined || coming ? undefined : { category },
        reread: category === undefined,
      };
    }
    default:
      return { metaId, patch: undefined, reread: true };
  }
}
