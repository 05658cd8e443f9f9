import type { IncomingHttpHeaders } from 'node:http';
import type { Store } from '../store/store.ts';
import { presentedKey } from './credentials.ts';
import { keyHash, SCOPES } from './keys.ts';
import { accountsVersion, readSnapshot } from './read-snapshot.ts';
import type { Secrets } from './secrets.ts';
import {
  type Principal,
  phoneKey,
  type Sender,
  type SendingProfile,
  type SigningWorkspace,
  type Snapshot,
  type Webhook,
  wabaKey,
} from './snapshot.ts';
import { DEFAULT_WORKSPACE } from './workspaces.ts';

export type { Scope } from './keys.ts';
export type { Principal, Sender, SendingProfile, SigningWorkspace, Webhook };

/** A key revoked on another node stops here within five seconds, also when the notification of it is lost. */
const LOOK_MS = 2_000;

export interface DirectoryOptions {
  /** Has every scope in the workspace `default`. */
  readonly adminKey?: string | undefined;
  /** The sandbox's fixed key, with the same rights. */
  readonly sandboxKey?: string | undefined;
  /** Called after accounts have changed, here or on another node. */
  readonly onChange?: (() => void) | undefined;
  readonly log: (message: string, error: unknown) => void;
}

/**
 * Who may do what, and which number is whose, in memory: a request costs no query. The database stays the truth; a
 * reload that fails keeps what is known.
 */
export class Directory {
  readonly #store: Store;
  readonly #secrets: Secrets;
  readonly #options: DirectoryOptions;
  readonly #listening: { stop: () => Promise<void> };
  readonly #timer: NodeJS.Timeout;
  #snapshot: Snapshot;
  /** The keys that no row holds, by the base64 of their SHA-256. */
  #fixed: ReadonlyMap<string, Principal>;
  /** Keys that were used and are good, by themselves: a hash for each request would cost more than the rest of the look. */
  readonly #known = new Map<string, Principal>();
  #looking: Promise<void> | undefined;
  #lookAgain = false;
  #reloading: Promise<void> | undefined;
  #next: Promise<void> | undefined;
  #closed = false;

  private constructor(store: Store, secrets: Secrets, options: DirectoryOptions, snapshot: Snapshot) {
    this.#store = store;
    this.#secrets = secrets;
    this.#options = options;
    this.#snapshot = snapshot;
    this.#fixed = fixedKeys(options, snapshot);
    this.#listening = store.listen('wirebird_accounts', () => void this.#look());
    this.#timer = setInterval(() => void this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** @throws the database's error when the accounts cannot be read at all */
  static async open(store: Store, secrets: Secrets, options: DirectoryOptions): Promise<Directory> {
    const snapshot = await readSnapshot(store, secrets, undefined, (what, error) =>
      logBroken(options, what, error),
    );
    return new Directory(store, secrets, options, snapshot);
  }

  /** Who sends a request with these headers: `Authorization: Bearer` or `App`, `X-API-Key`, `xi-api-key`. */
  authenticate(headers: IncomingHttpHeaders): Principal | undefined {
    const key = presentedKey(headers);
    return key === undefined ? undefined : this.authenticateKey(key);
  }

  authenticateKey(key: string): Principal | undefined {
    // Only keys that are good stand there, and a map compares nothing whose own (seeded) hash differs.
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    // Looking up a hash tells nothing by its time: nobody can choose how much of a hash fits.
    const hash = keyHash(key);
    const principal = this.#snapshot.principals.get(hash) ?? this.#fixed.get(hash);
    if (principal !== undefined) this.#known.set(key, principal);
    return principal;
  }

  /** @throws when there is none: whoever starts a gateway makes it first */
  get defaultWorkspaceId(): string {
    const id = defaultWorkspace(this.#snapshot);
    if (id === undefined) throw new Error(`there is no workspace ${DEFAULT_WORKSPACE}`);
    return id;
  }

  senderByPhone(workspaceId: string, phone: string): Sender | undefined {
    return this.#snapshot.byPhone.get(phoneKey(workspaceId, phone));
  }

  senderById(id: string): Sender | undefined {
    return this.#snapshot.senders.get(id);
  }

  /** The one sender of the installation with this id of Meta's. */
  sendersByPhoneNumberId(phoneNumberId: string): Sender | undefined {
    return this.#snapshot.byPhoneNumberId.get(phoneNumberId);
  }

  /** All senders of a WhatsApp Business account, of whichever workspace. */
  sendersOfWaba(wabaId: string): readonly Sender[] {
    return this.#snapshot.byWaba.get(wabaId) ?? [];
  }

  /** To how many people the senders of a workspace with this account may write in 24 hours; undefined when none is known. */
  peopleLimit(workspaceId: string, wabaId: string): number | undefined {
    return this.#snapshot.peopleLimits.get(wabaKey(workspaceId, wabaId));
  }

  allSenders(): Iterable<Sender> {
    return this.#snapshot.senders.values();
  }

  workspace(id: string): SigningWorkspace | undefined {
    return this.#snapshot.workspaces.get(id);
  }

  /** A messaging profile of this workspace. */
  profile(workspaceId: string, id: string): SendingProfile | undefined {
    const found = this.#snapshot.profiles.get(id.toLowerCase());
    return found?.workspaceId === workspaceId ? found : undefined;
  }

  /** Where the workspace wants the events of this WhatsApp Business account; undefined when nowhere of its own. */
  wabaWebhook(workspaceId: string, wabaId: string): Webhook | undefined {
    return this.#snapshot.wabaWebhooks.get(wabaKey(workspaceId, wabaId));
  }

  /** The secret of an endpoint; undefined when it has none. */
  endpointSecret(id: string): string | undefined {
    return this.#snapshot.endpointSecrets.get(id)?.secret;
  }

  /** The secret of an endpoint with the one before it, while both hold; undefined when it has none. */
  endpointSecrets(id: string, now: Date): { secret: string; previous: string | undefined } | undefined {
    const found = this.#snapshot.endpointSecrets.get(id);
    if (found === undefined) return undefined;
    const { secret, previous } = found;
    return { secret, previous: previous !== undefined && now < previous.until ? previous.secret : undefined };
  }

  /** Resolves when everything committed before the call is known here, or could not be read. Never rejects. */
  refresh(): Promise<void> {
    // A reload under way may have begun before the caller's commit; the next one has not.
    if (this.#reloading !== undefined) {
      this.#next ??= this.#reloading.then(() => {
        this.#next = undefined;
        return this.refresh();
      });
      return this.#next;
    }
    this.#reloading = this.#reload().finally(() => {
      this.#reloading = undefined;
    });
    return this.#reloading;
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#listening.stop();
    await Promise.all([this.#looking, this.#next ?? this.#reloading]);
  }

  /** Reloads when the version has moved; one look at a time. */
  #look(): Promise<void> {
    // A look under way may have read the version before the change that it is called for.
    if (this.#looking !== undefined) this.#lookAgain = true;
    this.#looking ??= this.#compare().finally(() => {
      this.#looking = undefined;
      if (!this.#lookAgain) return;
      this.#lookAgain = false;
      void this.#look();
    });
    return this.#looking;
  }

  async #compare(): Promise<void> {
    if (this.#closed) return;
    try {
      const version = await accountsVersion(this.#store.db);
      if (version !== this.#snapshot.version) await this.refresh();
    } catch (error) {
      this.#options.log('could not look for changed accounts', error);
    }
  }

  async #reload(): Promise<void> {
    if (this.#closed) return;
    const before = this.#snapshot;
    try {
      this.#snapshot = await readSnapshot(this.#store, this.#secrets, before, (what, error) =>
        logBroken(this.#options, what, error),
      );
    } catch (error) {
      this.#options.log('could not read the accounts; what was known stays in force', error);
      return;
    }
    this.#fixed = fixedKeys(this.#options, this.#snapshot);
    this.#known.clear();
    if (this.#snapshot.version !== before.version) this.#options.onChange?.();
  }
}

function defaultWorkspace(snapshot: Snapshot): string | undefined {
  for (const workspace of snapshot.workspaces.values()) {
    if (workspace.name === DEFAULT_WORKSPACE) return workspace.id;
  }
  return undefined;
}

function fixedKeys(options: DirectoryOptions, snapshot: Snapshot): ReadonlyMap<string, Principal> {
  const fixed = new Map<string, Principal>();
  const workspaceId = defaultWorkspace(snapshot);
  if (workspaceId === undefined) return fixed;
  for (const [keyId, key] of [
    ['admin', options.adminKey],
    ['sandbox', options.sandboxKey],
  ] as const) {
    if (key !== undefined) fixed.set(keyHash(key), { keyId, workspaceId, scopes: SCOPES });
  }
  return fixed;
}

function logBroken(options: DirectoryOptions, what: string, error: unknown): void {
  options.log(`${what} is left out: its secrets cannot be opened`, error);
}
