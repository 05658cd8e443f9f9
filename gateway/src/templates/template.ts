import type { Failure } from '../message/failure.ts';

/** A template as Meta writes it. */
export interface RemoteTemplate {
  readonly metaId: string;
  readonly name: string;
  /** As Meta spells it, `en_US`; a send must match it letter for letter. */
  readonly language: string;
  /** MARKETING, UTILITY, AUTHENTICATION; what Meta adds comes as it is. */
  readonly category: string;
  /** Meta's word: APPROVED, PENDING, REJECTED, PAUSED, DISABLED … */
  readonly status: string;
  readonly quality: string | undefined;
  /** Its parameters have names, not places. */
  readonly named: boolean;
  readonly components: readonly unknown[];
  readonly ttlSeconds: number | undefined;
  readonly rejectedReason: string | undefined;
}

/** A template as Meta had it when it was last asked. */
export interface Template extends RemoteTemplate {
  readonly id: string;
  readonly workspaceId: string;
  readonly wabaId: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  /** Meta has it no more. */
  readonly goneAt: Date | undefined;
}

/** What a message that waits for a template does: it goes on, waits on, or ends. */
export type TemplateState = 'sendable' | 'held' | Failure;

/** What to do about the codes that are found here (meta-cloud-api §4). */
const REMEDIES: Readonly<Record<number, string>> = {
  132000: 'Give as many parameters as the template has.',
  132001: 'Check the name and the language of the template, and that it is approved.',
  132005: 'Shorten the parameters of the template.',
  132012: 'Give the parameters the format that the template has.',
  132015: 'Wait until the template is active again, or send another.',
  132016: 'Send another template: this one is disabled.',
};

/** A code of Meta's, found before it was asked. */
export function refusedAs(code: number, detail: string, title: string): Failure {
  const remedy = REMEDIES[code] ?? 'Correct what the detail names.';
  return { code: String(code), title, detail, outcome: 'final', remedy, source: 'wirebird' };
}

export function unknownTemplate(name: string, language: string): Failure {
  const details = `template name (${name}) does not exist in ${language}`;
  return refusedAs(132001, details, 'Template name does not exist in the translation');
}

/**
 * Whether Meta would take a send of it now (meta-cloud-api §7). A status that is not known here is Meta's to judge.
 */
export function stateOf(template: Template): TemplateState {
  const { name, language } = template;
  if (template.goneAt !== undefined) return unknownTemplate(name, language);
  switch (template.status) {
    case 'PAUSED':
      return 'held';
    case 'DISABLED':
      return refusedAs(132016, `template ${name} (${language}) is disabled for good`, 'Template is disabled');
    case 'PENDING':
    case 'REJECTED':
    case 'DELETED':
      return refusedAs(
        132001,
        `template ${name} (${language}) is ${template.status.toLowerCase()}, not approved`,
        'Template name does not exist in the translation',
      );
    default:
      return 'sendable';
  }
}
