import type { OpenedConsentSettings } from './consent-settings.ts';
import type { Scope } from './keys.ts';
import type { UnconfirmedPolicy } from './workspaces.ts';

/** Who a request comes from. */
export interface Principal {
  readonly keyId: string;
  readonly workspaceId: string;
  readonly scopes: readonly Scope[];
}

/** A business number with its secrets opened. */
export interface Sender {
  readonly id: string;
  readonly workspaceId: string;
  /** E.164. */
  readonly phoneNumber: string;
  readonly phoneNumberId: string;
  readonly wabaId: string;
  readonly accessToken: string;
  readonly appSecret: string;
  readonly verifyToken: string | undefined;
  readonly displayName: string | undefined;
  /** Messages per second. */
  readonly throughput: number;
  readonly graphUrl: string | undefined;
  /** The messaging profile that it is in; the workspace's own has the workspace's id. */
  readonly profileId: string;
}

/** Where events go. */
export interface Webhook {
  readonly url: string;
  readonly failoverUrl: string | undefined;
}

/** What a send needs to know of a messaging profile. */
export interface SendingProfile {
  readonly id: string;
  readonly workspaceId: string;
  readonly enabled: boolean;
  /** For messages that name no URL of their own. */
  readonly webhook: Webhook | undefined;
  /** ISO 3166-1 alpha-2, or `*` for all. */
  readonly destinations: readonly string[];
}

/** A tenant, able to sign its reports. */
export interface SigningWorkspace extends OpenedConsentSettings {
  readonly id: string;
  readonly name: string;
  readonly unconfirmedPolicy: UnconfirmedPolicy;
  /** How long a message may wait until it is sent; undefined for the default. */
  readonly validForMs: number | undefined;
  /** How long the outcome of a send may stay unknown; undefined for the default. */
  readonly unconfirmedDeadlineMs: number | undefined;
  /** Ed25519, 32 raw bytes. */
  readonly publicKey: Buffer;
  /** Ed25519, 64 raw bytes. */
  readonly sign: (bytes: Buffer) => Buffer;
}

/** What reports to an endpoint are signed with. */
export interface EndpointSecrets {
  readonly secret: string;
  /** The secret before it, and until when both hold. */
  readonly previous: { readonly secret: string; readonly until: Date } | undefined;
}

/** Everything that requests are looked up in, as it stood at one moment. */
export interface Snapshot {
  readonly version: string;
  /** By the base64 of the key's SHA-256. */
  readonly principals: ReadonlyMap<string, Principal>;
  readonly workspaces: ReadonlyMap<string, SigningWorkspace>;
  readonly senders: ReadonlyMap<string, Sender>;
  readonly byPhone: ReadonlyMap<string, Sender>;
  readonly byPhoneNumberId: ReadonlyMap<string, Sender>;
  readonly byWaba: ReadonlyMap<string, readonly Sender[]>;
  /** To how many people a business account may write in 24 hours, by `wabaKey`; only where that is known. */
  readonly peopleLimits: ReadonlyMap<string, number>;
  readonly profiles: ReadonlyMap<string, SendingProfile>;
  /** The URLs of business accounts, by `wabaKey`; only those in use. */
  readonly wabaWebhooks: ReadonlyMap<string, Webhook>;
  readonly endpointSecrets: ReadonlyMap<string, EndpointSecrets>;
  /** Opened secrets by their sealed form, so that the next snapshot opens only what is new. */
  readonly opened: ReadonlyMap<string, string>;
}

export const phoneKey = (workspaceId: string, phone: string): string => `${workspaceId} ${phone}`;
export const wabaKey = (workspaceId: string, wabaId: string): string => `${workspaceId} ${wabaId}`;
