import type { Failure } from '../message/failure.ts';
import { idOf } from './remote.ts';
import { field, word } from './requirements.ts';
import { type Account, patchTemplate, writeTemplates } from './rows.ts';
import type { Template } from './template.ts';
import type { Templates, TemplatesOptions } from './templates.ts';

export interface NewTemplate {
  readonly name: string;
  readonly language: string;
  readonly category: string;
  readonly components: readonly unknown[];
  readonly parameterFormat?: string | undefined;
  readonly ttlSeconds?: number | undefined;
  readonly allowCategoryChange?: boolean | undefined;
}

export interface TemplateEdit {
  readonly components?: readonly unknown[] | undefined;
  readonly category?: string | undefined;
  readonly ttlSeconds?: number | undefined;
}

export type Managed = { readonly template: Template } | { readonly failure: Failure };

/** No number of the account is known, so nobody can ask Meta. */
const NO_SPEAKER: Failure = {
  code: 'no_sender',
  title: 'The workspace has no number of this WhatsApp Business account',
  outcome: 'final',
  remedy: 'Add a sender of the account first.',
  source: 'wirebird',
};

/** Nobody knows what became of it; the next reading of the account tells. */
const NO_ID: Failure = {
  code: 'no_template_id',
  title: 'The Graph API answered without the id of the template',
  outcome: 'retry',
  remedy: 'Look whether the template is there before it is created again.',
  source: 'network',
};

/** Creates, edits and deletes templates: Meta first, then what is known here. */
export class TemplateDesk {
  readonly #options: Pick<TemplatesOptions, 'store' | 'clock' | 'graph' | 'speakerOf'>;
  readonly #templates: Templates;

  constructor(
    options: Pick<TemplatesOptions, 'store' | 'clock' | 'graph' | 'speakerOf'>,
    templates: Templates,
  ) {
    this.#options = options;
    this.#templates = templates;
  }

  async create(account: Account, wanted: NewTemplate): Promise<Managed> {
    const { store, clock, graph, speakerOf } = this.#options;
    const speaker = speakerOf(account);
    if (speaker === undefined) return { failure: NO_SPEAKER };
    const answer = await graph(speaker, 'POST', `/${encodeURIComponent(account.wabaId)}/message_templates`, {
      name: wanted.name,
      language: wanted.language,
      category: wanted.category,
      components: wanted.components,
      ...(wanted.parameterFormat === undefined ? {} : { parameter_format: wanted.parameterFormat }),
      ...(wanted.ttlSeconds === undefined ? {} : { message_send_ttl_seconds: wanted.ttlSeconds }),
      ...(wanted.allowCategoryChange === undefined
        ? {}
        : { allow_category_change: wanted.allowCategoryChange }),
    });
    if (answer.kind === 'failed') return { failure: answer.failure };
    const metaId = idOf(field(answer.body, 'id'));
    if (metaId === undefined) return { failure: NO_ID };
    const template = {
      metaId,
      name: wanted.name,
      language: wanted.language,
      category: word(answer.body, 'category') ?? wanted.category,
      status: word(answer.body, 'status') ?? 'PENDING',
      quality: undefined,
      named: wanted.parameterFormat?.toUpperCase() === 'NAMED',
      components: wanted.components,
      ttlSeconds: wanted.ttlSeconds,
      rejectedReason: undefined,
    };
    const now = clock.now();
    await writeTemplates(store.db, account, [template], false, now, now);
    await this.#templates.wrote(account);
    const made = this.#templates.byMetaId(account.workspaceId, metaId)!;
    // Meta writes some components its own way.
    await this.#templates.refresh(made);
    return { template: this.#templates.byId(account.workspaceId, made.id) ?? made };
  }

  async edit(template: Template, edit: TemplateEdit): Promise<Managed> {
    const { graph, speakerOf } = this.#options;
    const speaker = speakerOf(template);
    if (speaker === undefined) return { failure: NO_SPEAKER };
    const answer = await graph(speaker, 'POST', `/${encodeURIComponent(template.metaId)}`, {
      ...(edit.components === undefined ? {} : { components: edit.components }),
      ...(edit.category === undefined ? {} : { category: edit.category }),
      ...(edit.ttlSeconds === undefined ? {} : { message_send_ttl_seconds: edit.ttlSeconds }),
    });
    if (answer.kind === 'failed') return { failure: answer.failure };
    await this.#templates.refresh(template);
    return { template: this.#templates.byId(template.workspaceId, template.id) ?? template };
  }

  /** One language of a template; messages that Meta has taken already go on. */
  async remove(template: Template): Promise<{ readonly failure: Failure } | undefined> {
    const { store, clock, graph, speakerOf } = this.#options;
    const speaker = speakerOf(template);
    if (speaker === undefined) return { failure: NO_SPEAKER };
    const query = new URLSearchParams({ name: template.name, hsm_id: template.metaId });
    const path = `/${encodeURIComponent(template.wabaId)}/message_templates?${query}`;
    const answer = await graph(speaker, 'DELETE', path);
    if (answer.kind === 'failed') return { failure: answer.failure };
    const now = clock.now();
    const change = { status: 'DELETED', gone_at: now };
    const touched = await patchTemplate(store.db, template.wabaId, template.metaId, change, now);
    for (const account of touched) await this.#templates.wrote(account);
    return undefined;
  }
}
