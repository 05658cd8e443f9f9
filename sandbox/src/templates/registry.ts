import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { GraphError } from '../graph/errors.ts';
import { numericId, randomId } from '../ids.ts';
import { Schedule } from '../schedule.ts';
import type { Settings } from '../settings.ts';
import { openState, type StateFile } from '../store.ts';
import type { Definition } from './creation.ts';
import {
  categoryNotice,
  componentsNotice,
  qualityNotice,
  type StatusExtra,
  statusNotice,
  type TemplateNotice,
} from './notices.ts';
import {
  beingDeleted,
  languageExists,
  sampleName,
  statusStays,
  tooManyTemplates,
  wrongTemplate,
} from './refusals.ts';
import {
  type Category,
  type Component,
  type Quality,
  REASONS,
  type Reason,
  SAMPLE_COMPONENTS,
  SAMPLE_NAME,
  type Template,
  type TemplateStatus,
} from './template.ts';

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
/** WhatsApp: templates of a verified portfolio's account (meta-cloud-api §7) */
const TEMPLATES_MAX = 6000;
/** WhatsApp: creations per hour and account (meta-cloud-api §7) */
const CREATIONS_PER_HOUR = 100;
/** WhatsApp: edits of an approved template per day and per 30 days (meta-cloud-api §7) */
const EDITS_PER_DAY = 1;
const EDITS_PER_MONTH = 10;
/** WhatsApp: the name of a deleted approved template is blocked so long (meta-cloud-api §7) */
const NAME_BLOCKED_MS = 30 * DAY_MS;
/** WhatsApp: how long the first and the second pause last; the third time a template is disabled (meta-cloud-api §7) */
const PAUSE_MS = [3 * HOUR_MS, 6 * HOUR_MS];
const PAUSE_TITLES = ['FIRST_PAUSE', 'SECOND_PAUSE'];
/** A template whose name begins so does not pass the review: `reject_promotional` for that reason. */
const REJECTED_PREFIX = 'reject_';

type Row = { template: Template } | { gone: string } | { blocked: string; until: number };

/** A line of the file leaves out what is undefined. */
const ABSENT = { previousCategory: undefined, ttlSeconds: undefined, due: undefined, pausedBy: undefined };

/** The due time of a template when it was put in; a later change makes it void. */
interface Due {
  id: string;
  due: number;
}

/**
 * The templates of every account, and their life:
 *
 *   PENDING ─→ APPROVED ⇄ PAUSED (3 h, then 6 h) ─→ DISABLED
 *       └─→ REJECTED ─→ (edited) PENDING
 */
export class Templates {
  readonly #clock: Clock;
  readonly #settings: Settings;
  readonly #tell: (notice: TemplateNotice) => void;
  readonly #schedule: Schedule<Due>;
  readonly #file: StateFile;
  readonly #byId = new Map<string, Template>();
  /** account, name and language → template */
  readonly #byKey = new Map<string, Template>();
  readonly #ofAccount = new Map<string, Set<Template>>();
  /** account, name and language of deleted ones → until when, ms */
  readonly #blocked = new Map<string, number>();
  /** account → times of creations in the last hour */
  readonly #creations = new Map<string, number[]>();

  constructor(parts: {
    dataDir: string | undefined;
    clock: Clock;
    settings: Settings;
    tell: (notice: TemplateNotice) => void;
  }) {
    this.#clock = parts.clock;
    this.#settings = parts.settings;
    this.#tell = parts.tell;
    this.#schedule = new Schedule<Due>(parts.clock, due => this.#fire(due));
    this.#file = openState(
      parts.dataDir && join(parts.dataDir, 'templates.jsonl'),
      row => this.#restore(row as Row),
      () => this.#rows(),
    );
    for (const template of this.#byId.values()) this.#plan(template);
  }

  /** A new account gets the sample that every account has. */
  welcome(wabaId: string): void {
    if (this.find(wabaId, SAMPLE_NAME, 'en_US') !== undefined) return;
    this.#hold({
      ...this.#newTemplate(wabaId, {
        name: SAMPLE_NAME,
        language: 'en_US',
        category: 'UTILITY',
        named: false,
        components: SAMPLE_COMPONENTS,
        ttlSeconds: undefined,
      }),
      id: numericId('hello_world', wabaId),
      status: 'APPROVED',
    });
  }

  find(wabaId: string, name: string, language: string): Template | undefined {
    return this.#byKey.get(keyOf(wabaId, name, language));
  }

  byId(id: string): Template | undefined {
    return this.#byId.get(id);
  }

  /** Newest first. */
  ofAccount(wabaId: string): Template[] {
    return [...(this.#ofAccount.get(wabaId) ?? [])].reverse();
  }

  /** Submits a template for review. Throws what Meta refuses. */
  create(wabaId: string, definition: Definition): Template {
    const now = this.#clock.now();
    this.#checkNew(wabaId, definition, now);
    const recent = (this.#creations.get(wabaId) ?? []).filter(at => at > now - HOUR_MS);
    if (recent.length >= CREATIONS_PER_HOUR) {
      throw new GraphError({
        code: 80007,
        details: `At most ${CREATIONS_PER_HOUR} templates are created per hour.`,
      });
    }
    recent.push(now);
    this.#creations.set(wabaId, recent);
    const template = this.#newTemplate(wabaId, definition);
    this.#hold(template);
    this.#review(template);
    return template;
  }

  /** Puts a template in as it is, approved at once: for tests that are not about reviews. */
  put(wabaId: string, definition: Definition, generated = false): Template {
    this.#checkNew(wabaId, definition, this.#clock.now());
    const template: Template = { ...this.#newTemplate(wabaId, definition), status: 'APPROVED', generated };
    this.#hold(template);
    this.#save(template);
    return template;
  }

  /** Changes what is given and submits it again. Throws what Meta refuses. */
  edit(
    template: Template,
    change: { components?: readonly Component[]; category?: Category; ttlSeconds?: number },
  ): void {
    const { status } = template;
    const now = this.#clock.now();
    if (status !== 'APPROVED' && status !== 'REJECTED' && status !== 'PAUSED') {
      throw statusStays('Only approved, rejected and paused templates can be edited.');
    }
    if (status === 'APPROVED') {
      if (change.category !== undefined && change.category !== template.category) {
        throw wrongTemplate('Category', 'The category of an approved template cannot be changed.');
      }
      const month = template.edits.filter(at => at > now - 30 * DAY_MS);
      if (month.length >= EDITS_PER_MONTH || month.filter(at => at > now - DAY_MS).length >= EDITS_PER_DAY) {
        throw wrongTemplate(
          'Too many edits',
          `An approved template is edited at most ${EDITS_PER_DAY} time a day and ${EDITS_PER_MONTH} times in 30 days.`,
        );
      }
      template.edits = [...month, now];
    }
    const reworded = change.components !== undefined;
    template.components = change.components ?? template.components;
    template.category = change.category ?? template.category;
    template.ttlSeconds = change.ttlSeconds ?? template.ttlSeconds;
    this.#review(template);
    this.#tell(statusNotice(template, 'PENDING'));
    if (reworded) this.#tell(componentsNotice(template));
  }

  /** Deletes templates; messages that are on their way go on. Throws what Meta refuses. */
  remove(templates: Template[]): void {
    const disabled = templates.find(({ status }) => status === 'DISABLED');
    if (disabled !== undefined) throw statusStays('A disabled template cannot be deleted.');
    if (templates.some(({ name }) => name === SAMPLE_NAME)) {
      throw wrongTemplate('Sample', 'The sample template cannot be deleted.');
    }
    for (const template of templates) {
      const { id, wabaId, name, language, status } = template;
      const approved = status === 'APPROVED' || status === 'PAUSED';
      if (approved) {
        const blocked = keyOf(wabaId, name, language);
        const until = this.#clock.now() + NAME_BLOCKED_MS;
        this.#blocked.set(blocked, until);
        this.#file.add({ blocked, until });
      }
      this.#forget(template);
      this.#file.add({ gone: id });
      this.#tell(statusNotice(template, approved ? 'PENDING_DELETION' : 'DELETED'));
    }
  }

  /** Lets a paused template be sent again; false when it is not paused. */
  unpause(template: Template): boolean {
    if (template.status !== 'PAUSED') return false;
    this.#change(template, 'APPROVED', { title: 'UNPAUSE' });
    return true;
  }

  /** What Meta decides about a template, told by webhook. */
  decide(template: Template, status: TemplateStatus, reason: Reason = 'NONE'): void {
    template.reason = status === 'REJECTED' && reason === 'NONE' ? 'INVALID_FORMAT' : reason;
    if (status === 'PAUSED') this.#pause(template);
    else if (status === 'DISABLED') this.#disable(template);
    else if (status === 'APPROVED' && template.status === 'PAUSED') this.unpause(template);
    else this.#change(template, status);
  }

  /** Pacing has found the first sends wanting; only a person ends this pause. */
  pauseByPacing(template: Template): void {
    template.pausedBy = 'pacing';
    template.pacing = false;
    this.#change(template, 'PAUSED', { title: 'RATE_LIMITING_PAUSE' });
  }

  /** While `pacing`, sends are held for the assessment of the template's quality. */
  pace(template: Template, pacing: boolean): void {
    template.pacing = pacing;
    this.#save(template);
  }

  rate(template: Template, quality: Quality): void {
    const previous = template.quality;
    template.quality = quality;
    template.qualityAt = this.#clock.now();
    this.#save(template);
    this.#tell(qualityNotice(template, previous));
  }

  recategorize(template: Template, category: Category): void {
    template.previousCategory = template.category;
    template.category = category;
    this.#save(template);
    this.#tell(categoryNotice(template));
  }

  close(): void {
    this.#schedule.close();
    this.#file.close();
  }

  #checkNew(wabaId: string, { name, language }: Definition, now: number): void {
    if (name === SAMPLE_NAME) throw sampleName(name);
    if (this.find(wabaId, name, language) !== undefined) throw languageExists(language);
    if ((this.#blocked.get(keyOf(wabaId, name, language)) ?? 0) > now) throw beingDeleted(language);
    if ((this.#ofAccount.get(wabaId)?.size ?? 0) >= TEMPLATES_MAX) throw tooManyTemplates();
  }

  #newTemplate(wabaId: string, definition: Definition): Template {
    return {
      ...definition,
      id: randomId(id => this.#byId.has(id)),
      wabaId,
      previousCategory: undefined,
      status: 'PENDING',
      reason: 'NONE',
      quality: 'UNKNOWN',
      qualityAt: this.#clock.now(),
      generated: false,
      due: undefined,
      edits: [],
      pauses: 0,
      pausedBy: undefined,
      pacing: false,
    };
  }

  #review(template: Template): void {
    template.status = 'PENDING';
    template.reason = 'NONE';
    template.due = this.#clock.now() + this.#settings.review_ms;
    this.#save(template);
    this.#plan(template);
  }

  #plan({ id, due }: Template): void {
    if (due !== undefined) this.#schedule.at(due, { id, due });
  }

  #fire({ id, due }: Due): void {
    const template = this.#byId.get(id);
    if (template === undefined || template.due !== due) return;
    if (template.status === 'PAUSED') this.unpause(template);
    else if (template.status === 'PENDING') this.#endReview(template);
  }

  #endReview(template: Template): void {
    if (!template.name.startsWith(REJECTED_PREFIX)) {
      this.#change(template, 'APPROVED');
      return;
    }
    const named = template.name.slice(REJECTED_PREFIX.length).toUpperCase();
    template.reason = REASONS.find(reason => named.startsWith(reason)) ?? 'INVALID_FORMAT';
    this.#change(template, 'REJECTED');
  }

  #pause(template: Template): void {
    const ms = PAUSE_MS[template.pauses];
    if (ms === undefined) {
      this.#disable(template);
      return;
    }
    const title = PAUSE_TITLES[template.pauses]!;
    template.pauses++;
    template.pausedBy = 'feedback';
    this.#change(template, 'PAUSED', { title }, this.#clock.now() + ms);
  }

  #disable(template: Template): void {
    this.#change(template, 'DISABLED', { title: 'DISABLED', disabledAt: this.#clock.now() });
  }

  #change(template: Template, status: TemplateStatus, extra: StatusExtra = {}, due?: number): void {
    template.status = status;
    template.due = due;
    if (status !== 'PAUSED') template.pausedBy = undefined;
    if (status === 'APPROVED') template.reason = 'NONE';
    this.#save(template);
    this.#plan(template);
    this.#tell(statusNotice(template, status, extra));
  }

  #save(template: Template): void {
    this.#file.add({ template });
  }

  #hold(template: Template): void {
    const { id, wabaId, name, language } = template;
    this.#byId.set(id, template);
    this.#byKey.set(keyOf(wabaId, name, language), template);
    const siblings = this.#ofAccount.get(wabaId) ?? new Set();
    siblings.add(template);
    this.#ofAccount.set(wabaId, siblings);
  }

  #forget(template: Template): void {
    const { id, wabaId, name, language } = template;
    this.#byId.delete(id);
    this.#byKey.delete(keyOf(wabaId, name, language));
    this.#ofAccount.get(wabaId)?.delete(template);
  }

  #restore(row: Row): void {
    if ('blocked' in row) {
      this.#blocked.set(row.blocked, row.until);
      return;
    }
    const known = this.#byId.get('gone' in row ? row.gone : row.template.id);
    if ('gone' in row) {
      if (known !== undefined) this.#forget(known);
    } else if (known !== undefined) Object.assign(known, ABSENT, row.template);
    else this.#hold({ ...ABSENT, ...row.template });
  }

  *#rows(): Generator<Row> {
    for (const [blocked, until] of this.#blocked) {
      if (until > this.#clock.now()) yield { blocked, until };
    }
    for (const template of this.#byId.values()) yield { template };
  }
}

function keyOf(wabaId: string, name: string, language: string): string {
  return `${wabaId}/${name}/${language}`;
}
