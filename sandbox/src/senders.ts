import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { numericId } from './ids.ts';
import { openState, type StateFile } from './store.ts';

/** Where webhooks go instead of the app's own address: the number's override wins over the WABA's. */
export interface Override {
  url: string;
  verifyToken: string;
}

/** A WhatsApp Business Account with the one app that serves it. */
export interface Account {
  wabaId: string;
  appId: string;
  accessToken: string;
  appSecret: string;
  /** `appSecret`, ready for signing */
  key: KeyObject;
  verifyToken: string;
  webhookUrl: string | undefined;
  /** Whether the app is subscribed to the WABA's webhooks. */
  subscribed: boolean;
  override: Override | undefined;
  /** Meta has disabled the account: nothing can be sent (368). */
  disabled?: boolean;
  /** To how many people its portfolio may write in 24 hours, in Meta's words; none said, no limit. */
  messagingLimit?: string;
}

/** A business number. */
export interface Sender {
  /** E.164 */
  phoneNumber: string;
  phoneNumberId: string;
  displayName: string;
  /** messages per second */
  throughput: number;
  /** Of the number: `GREEN` until an event says otherwise. */
  quality?: Quality;
  account: Account;
  override: Override | undefined;
}

export type Quality = 'GREEN' | 'YELLOW' | 'RED';

export interface NewSender {
  phoneNumber: string;
  displayName?: string | undefined;
  throughput?: number | undefined;
  webhookUrl?: string | undefined;
  /** Puts the number into an account that exists. */
  wabaId?: string | undefined;
  /** Of the account, for all its numbers. */
  messagingLimit?: string | undefined;
}

/** Meta: 80 messages per second until the number is raised. */
const THROUGHPUT_DEFAULT = 80;

interface Row extends Omit<Account, 'key'> {
  phoneNumber: string;
  phoneNumberId: string;
  displayName: string;
  throughput: number;
  quality?: Quality;
  numberOverride: Override | undefined;
}

/** Every business number of the network, by each of its names. */
export class Senders {
  readonly #byNumber = new Map<string, Sender>();
  readonly #byId = new Map<string, Sender>();
  readonly #accounts = new Map<string, Account>();
  readonly #byToken = new Map<string, Account>();
  readonly #file: StateFile;
  readonly #appSecret: string | undefined;
  readonly #welcome: (account: Account) => void;

  /**
   * @param appSecret given to every new account instead of one of its own
   * @param welcome called with each account, before anybody can use it
   */
  constructor(
    dataDir: string | undefined,
    appSecret: string | undefined,
    welcome: (account: Account) => void,
  ) {
    this.#appSecret = appSecret;
    this.#welcome = welcome;
    this.#file = openState(
      dataDir && join(dataDir, 'senders.jsonl'),
      row => this.#restore(row as Row),
      () => this.all().map(rowOf),
    );
  }

  all(): Sender[] {
    return [...this.#byNumber.values()];
  }

  ofAccount(account: Account): Sender[] {
    return this.all().filter(sender => sender.account === account);
  }

  byNumber(phoneNumber: string): Sender | undefined {
    return this.#byNumber.get(phoneNumber);
  }

  byId(phoneNumberId: string): Sender | undefined {
    return this.#byId.get(phoneNumberId);
  }

  accounts(): Account[] {
    return [...this.#accounts.values()];
  }

  account(wabaId: string): Account | undefined {
    return this.#accounts.get(wabaId);
  }

  byToken(token: string): Account | undefined {
    return this.#byToken.get(token);
  }

  /** Registers a number, or updates the one that is there; its credentials stay. */
  register(input: NewSender): { sender: Sender; created: boolean } {
    const known = this.#byNumber.get(input.phoneNumber);
    if (known !== undefined) {
      known.displayName = input.displayName ?? known.displayName;
      known.throughput = input.throughput ?? known.throughput;
      known.account.webhookUrl = input.webhookUrl ?? known.account.webhookUrl;
      if (input.messagingLimit !== undefined) known.account.messagingLimit = input.messagingLimit;
      this.save(known);
      return { sender: known, created: false };
    }
    const account =
      (input.wabaId === undefined ? undefined : this.#accounts.get(input.wabaId)) ??
      this.#newAccount(input.wabaId ?? numericId('waba', input.phoneNumber), input.webhookUrl);
    account.webhookUrl = input.webhookUrl ?? account.webhookUrl;
    if (input.messagingLimit !== undefined) account.messagingLimit = input.messagingLimit;
    const sender: Sender = {
      phoneNumber: input.phoneNumber,
      phoneNumberId: numericId('number', input.phoneNumber),
      displayName: input.displayName ?? `Sandbox ${input.phoneNumber.slice(-4)}`,
      throughput: input.throughput ?? THROUGHPUT_DEFAULT,
      account,
      override: undefined,
    };
    this.#hold(sender);
    this.save(sender);
    return { sender, created: true };
  }

  /** To be called after a change of a sender or its account. */
  save(sender: Sender): void {
    this.#file.add(rowOf(sender));
  }

  close(): void {
    this.#file.close();
  }

  #newAccount(wabaId: string, webhookUrl: string | undefined): Account {
    const appSecret = this.#appSecret ?? randomBytes(16).toString('hex');
    return {
      wabaId,
      appId: numericId('app', wabaId),
      // Meta's tokens start so, and are long.
      accessToken: `EAA${randomBytes(45).toString('base64url')}`,
      appSecret,
      key: createSecretKey(appSecret, 'utf8'),
      verifyToken: randomBytes(12).toString('base64url'),
      webhookUrl,
      subscribed: true,
      override: undefined,
    };
  }

  #hold(sender: Sender): void {
    if (!this.#accounts.has(sender.account.wabaId)) this.#welcome(sender.account);
    this.#byNumber.set(sender.phoneNumber, sender);
    this.#byId.set(sender.phoneNumberId, sender);
    this.#accounts.set(sender.account.wabaId, sender.account);
    this.#byToken.set(sender.account.accessToken, sender.account);
  }

  #restore(row: Row): void {
    const { phoneNumber, phoneNumberId, displayName, throughput, quality, numberOverride, ...rest } = row;
    // Later rows of one account carry its newer state.
    const account: Account = Object.assign(this.#accounts.get(rest.wabaId) ?? ({} as Account), {
      ...rest,
      webhookUrl: rest.webhookUrl,
      override: rest.override,
      disabled: rest.disabled ?? false,
      key: createSecretKey(rest.appSecret, 'utf8'),
    });
    this.#hold({
      phoneNumber,
      phoneNumberId,
      displayName,
      throughput,
      ...(quality && { quality }),
      account,
      override: numberOverride,
    });
  }
}

function rowOf(sender: Sender): Row {
  const { account, override, ...number } = sender;
  const { key: _, ...rest } = account;
  return { ...number, ...rest, numberOverride: override };
}
