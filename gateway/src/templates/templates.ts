import type { TemplateContent } from '../message/content.ts';
import type { Outbound } from '../message/message.ts';
import { isBsuid } from '../message/phone.ts';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import { accountKey, TemplateCache } from './cache.ts';
import { misfit, type TemplateVerdict } from './check.ts';
import { readChange, type TemplateNotice } from './notice.ts';
import { type Graph, readAll, readOne, type Speaker } from './remote.ts';
import {
  type Account,
  noteSync,
  patchTemplate,
  readSyncs,
  readTemplates,
  TEMPLATES_CHANNEL,
  takeTurn,
  writeTemplates,
} from './rows.ts';
import { refusedAs, stateOf, type Template, type TemplateState, unknownTemplate } from './template.ts';

/** What was read so lately is not read again before a refusal. */
const FRESH_MS = 30_000;

/** Webhooks tell of changes; this finds the ones that were lost. */
const STALE_MS = 3_600_000;

/** Whoever sends waits this long for Meta's list, then Meta itself decides. */
const PATIENCE_MS = 5_000;

/** A template that was changed while it was read is read again, this often at most. */
const READINGS = 3;

/** Nothing is known: Meta decides. */
const UNKNOWN: TemplateVerdict = { ok: true, templateId: undefined, category: undefined };

export interface TemplatesOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly graph: Graph;
  readonly accountOf: (senderId: string) => Account | undefined;
  /** A number in whose name Meta is asked about the account. */
  readonly speakerOf: (account: Account) => Speaker | undefined;
  /** The accounts of all senders, each any number of times. */
  readonly accounts: () => Iterable<Account>;
  /** These may be sent again, or have ended. */
  readonly onChange: (templateIds: readonly string[]) => void;
  readonly onError: (error: unknown, doing: string) => void;
}

/** The templates of all accounts as Meta has them, in memory; the database keeps them between starts and for all nodes. */
export class Templates {
  readonly #options: TemplatesOptions;
  readonly #cache = new TemplateCache();
  /** By account: when it was last read whole, database time in ms. */
  readonly #syncedAt = new Map<string, number>();
  readonly #syncing = new Map<string, Promise<boolean>>();
  readonly #reloading = new Map<string, Promise<void>>();
  #listening: { stop: () => Promise<void> } | undefined;

  private constructor(options: TemplatesOptions) {
    this.#options = options;
  }

  static async open(options: TemplatesOptions): Promise<Templates> {
    const templates = new Templates(options);
    await templates.#load();
    templates.#listening = options.store.listen(TEMPLATES_CHANNEL, payload => {
      const [workspaceId, wabaId] = payload.split(' ');
      if (workspaceId !== undefined && wabaId !== undefined) void templates.#reload({ workspaceId, wabaId });
    });
    return templates;
  }

  /**
   * Holds a template message against its template. At once when it fits; before a refusal the account is read again,
   * unless that was done just now.
   */
  check(message: Outbound): TemplateVerdict | Promise<TemplateVerdict> {
    const { accountOf, clock } = this.#options;
    const account = accountOf(message.senderId);
    if (account === undefined || message.content.type !== 'template') return UNKNOWN;
    const { content, recipient } = message;
    const verdict = this.#judge(account, content, recipient);
    if (verdict.ok) return verdict;
    const syncedAt = this.#syncedAt.get(accountKey(account)) ?? 0;
    if (clock.now().getTime() - syncedAt < FRESH_MS) return verdict;
    return this.#sync(account, FRESH_MS).then(read =>
      read ? this.#judge(account, content, recipient) : UNKNOWN,
    );
  }

  /** What messages of a template that wait in the queue do. A template that is not known here is Meta's to judge. */
  stateOf(templateId: string): TemplateState {
    const known = this.#cache.get(templateId);
    return known === undefined ? 'sendable' : stateOf(known.template);
  }

  /** Meta called the template paused: asks it again, and says whether its messages wait. */
  async confirmHeld(templateId: string): Promise<boolean> {
    const template = this.#cache.get(templateId)?.template;
    if (template === undefined) return false;
    await this.refresh(template).catch(error => this.#options.onError(error, 'read a template again'));
    return this.stateOf(templateId) === 'held';
  }

  byId(workspaceId: string, id: string): Template | undefined {
    const template = this.#cache.get(id)?.template;
    return template?.workspaceId === workspaceId ? template : undefined;
  }

  /** By Meta's id. */
  byMetaId(workspaceId: string, metaId: string): Template | undefined {
    for (const { template } of this.#cache.all())
      if (template.workspaceId === workspaceId && template.metaId === metaId) return template;
    return undefined;
  }

  /** All of a workspace that Meta still has, newest first. */
  list(workspaceId: string): Template[] {
    const found: Template[] = [];
    for (const { template } of this.#cache.all())
      if (template.workspaceId === workspaceId && template.goneAt === undefined) found.push(template);
    return found.sort((a, b) => (a.id < b.id ? 1 : -1));
  }

  /**
   * Reads an account's templates at Meta now.
   *
   * @returns false when Meta could not be asked
   */
  sync(account: Account): Promise<boolean> {
    return this.#sync(account, 0);
  }

  /** Reads one template at Meta again. */
  async refresh(template: Template): Promise<void> {
    for (let reading = 0; reading < READINGS; reading++) {
      const { store, clock, graph, speakerOf } = this.#options;
      const speaker = speakerOf(template);
      if (speaker === undefined) return;
      const askedAt = clock.now();
      const read = await readOne(graph, speaker, template.metaId);
      if (read === undefined) return;
      const newer = await writeTemplates(store.db, template, [read], false, askedAt, clock.now());
      await this.#reload(template);
      if (newer.length === 0) return;
    }
  }

  /** Takes in what somebody wrote through Meta. */
  async wrote(account: Account): Promise<void> {
    await this.#reload(account);
  }

  /** Hourly for each account, by whichever node comes first. */
  async syncDue(): Promise<void> {
    const { accounts, clock } = this.#options;
    const due = new Map<string, Account>();
    for (const { workspaceId, wabaId } of accounts()) {
      const account = { workspaceId, wabaId };
      const key = accountKey(account);
      if (clock.now().getTime() - (this.#syncedAt.get(key) ?? 0) >= STALE_MS) due.set(key, account);
    }
    for (const account of due.values()) await this.#sync(account, FRESH_MS);
  }

  /** What a webhook says of a template; repeats and notices of the unknown do no harm. */
  async applyNotice(notice: TemplateNotice): Promise<void> {
    const { store, clock, accounts } = this.#options;
    const change = readChange(notice, clock.now());
    const touched =
      change.patch === undefined
        ? []
        : await patchTemplate(store.db, notice.wabaId, change.metaId, change.patch, clock.now());
    for (const account of touched) await this.#reload(account);
    if (touched.length > 0 && !change.reread) return;
    for (const account of unique(accounts(), notice.wabaId)) {
      const template = this.byMetaId(account.workspaceId, change.metaId);
      if (template === undefined) void this.#sync(account, FRESH_MS);
      else await this.refresh(template);
    }
  }

  async close(): Promise<void> {
    await this.#listening?.stop();
    await Promise.allSettled([...this.#syncing.values(), ...this.#reloading.values()]);
  }

  #judge(account: Account, { template: send }: TemplateContent, recipient: string): TemplateVerdict {
    const known = this.#cache.find(account, send.name, send.language.code);
    if (!this.#syncedAt.has(accountKey(account)) && known === undefined) return UNKNOWN;
    if (known === undefined) return { ok: false, failure: unknownTemplate(send.name, send.language.code) };
    const { template, needs } = known;
    const state = stateOf(template);
    if (state === 'held') {
      const detail = `template ${send.name} (${send.language.code}) is paused`;
      return { ok: false, failure: refusedAs(132015, detail, 'Template is paused') };
    }
    const failure = state === 'sendable' ? misfit(needs, send, template.named, isBsuid(recipient)) : state;
    if (failure !== undefined) return { ok: false, failure };
    const { id, category, ttlSeconds } = template;
    return { ok: true, templateId: id, category, ttlSeconds };
  }

  async #load(): Promise<void> {
    const { store } = this.#options;
    for (const { syncedAt, ...account } of await readSyncs(store.db))
      if (syncedAt !== undefined) this.#syncedAt.set(accountKey(account), syncedAt.getTime());
    const byAccount = new Map<string, Template[]>();
    for (const template of await readTemplates(store.db)) {
      const key = accountKey(template);
      byAccount.set(key, [...(byAccount.get(key) ?? []), template]);
    }
    for (const templates of byAccount.values()) this.#cache.put(templates[0]!, templates);
  }

  /** What is written is read back by one path, whoever wrote it. */
  #reload(account: Account): Promise<void> {
    const key = accountKey(account);
    const before = this.#reloading.get(key) ?? Promise.resolve();
    const now = before
      .then(async () => {
        const { store, onChange } = this.#options;
        const changed = this.#cache.put(account, await readTemplates(store.db, account));
        if (changed.length > 0) onChange(changed);
      })
      .catch(error => this.#options.onError(error, 'read the templates'))
      .finally(() => {
        if (this.#reloading.get(key) === now) this.#reloading.delete(key);
      });
    this.#reloading.set(key, now);
    return now;
  }

  /**
   * One reading of an account at a time.
   *
   * @param freshMs not again within this time, on whichever node
   * @returns whether the account's templates are known now
   */
  async #sync(account: Account, freshMs: number): Promise<boolean> {
    const key = accountKey(account);
    let under = this.#syncing.get(key);
    if (under === undefined) {
      under = this.#read(account, freshMs)
        .catch(error => {
          this.#options.onError(error, 'read the templates of an account');
          return false;
        })
        .finally(() => this.#syncing.delete(key));
      this.#syncing.set(key, under);
    }
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>(resolve => {
      timer = setTimeout(resolve, PATIENCE_MS, false);
    });
    return Promise.race([under, late]).finally(() => clearTimeout(timer));
  }

  async #read(account: Account, freshMs: number): Promise<boolean> {
    const { store, clock, graph, speakerOf } = this.#options;
    const speaker = speakerOf(account);
    if (speaker === undefined) return false;
    const began = clock.now();
    if (!(await takeTurn(store.db, account, new Date(began.getTime() - freshMs), began))) {
      // Another node reads, or has just read, and tells; what it found is in the database.
      await this.#reload(account);
      return this.#syncedAt.has(accountKey(account));
    }
    const read = await readAll(graph, speaker, account.wabaId);
    if ('failure' in read) {
      const { code, title } = read.failure;
      await noteSync(store.db, account, { error: `${code}: ${title}` });
      return false;
    }
    const newer = await writeTemplates(store.db, account, read.templates, true, began, clock.now());
    await noteSync(store.db, account, { syncedAt: began });
    await this.#reload(account);
    this.#syncedAt.set(accountKey(account), began.getTime());
    for (const metaId of newer) {
      const template = this.byMetaId(account.workspaceId, metaId);
      if (template !== undefined) await this.refresh(template);
    }
    return true;
  }
}

/** Each workspace that has numbers of the account, once. */
function unique(accounts: Iterable<Account>, wabaId: string): Account[] {
  const found = new Map<string, Account>();
  for (const account of accounts)
    if (account.wabaId === wabaId)
      found.set(account.workspaceId, { workspaceId: account.workspaceId, wabaId });
  return [...found.values()];
}
