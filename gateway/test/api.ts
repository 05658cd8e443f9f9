import { mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { Counter, Registry } from 'prom-client';
import { expect } from 'vitest';
import { Directory } from '../src/accounts/directory.ts';
import { createKey, type Scope } from '../src/accounts/keys.ts';
import { MessagingLimits } from '../src/accounts/messaging-limits.ts';
import { openSecrets, type Secrets } from '../src/accounts/secrets.ts';
import { createWorkspace, ensureDefaultWorkspace } from '../src/accounts/workspaces.ts';
import { apiRoutes, refuseApi } from '../src/api/routes.ts';
import { WhatsApp } from '../src/carriers/whatsapp/client.ts';
import { fetchMedia, uploadMedia } from '../src/carriers/whatsapp/media.ts';
import { guardedConnector } from '../src/fetch/connector.ts';
import { createDownloads } from '../src/fetch/download.ts';
import { createGuardedClient } from '../src/fetch/guarded.ts';
import { createServer } from '../src/http.ts';
import { linkKey } from '../src/media/links.ts';
import { localStorage } from '../src/media/local-storage.ts';
import { Media } from '../src/media/media.ts';
import { newId } from '../src/message/id.ts';
import { cancelMessage } from '../src/outbox/cancel.ts';
import { Settle } from '../src/outbox/settle.ts';
import { Consents } from '../src/recipients/consents.ts';
import { WebhookHealth } from '../src/recipients/webhook-health.ts';
import { EventFeed } from '../src/reports/event-feed.ts';
import { OWN } from '../src/reports/own.ts';
import { type Clock, databaseClock } from '../src/store/clock.ts';
import { TemplateDesk } from '../src/templates/manage.ts';
import { Templates } from '../src/templates/templates.ts';
import { applyTo, type Ground, ground } from './rows.ts';

export const ADMIN_KEY = 'an admin key of thirty-two signs';

// biome-ignore lint/suspicious/noExplicitAny: an answer is looked into field by field, as a client in any language does
export type Json = any;

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Json;
}

export interface Call {
  /** Null sends none. */
  readonly key?: string | null;
  readonly body?: unknown;
  /** In the place of `body`, as it is. */
  readonly raw?: string;
  readonly type?: string;
}

/** Wirebird's own API on a port of its own, with a database and a Graph API beside it. */
export interface ApiGround extends Ground {
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly directory: Directory;
  readonly messagingLimits: MessagingLimits;
  /** What Meta says of the limit of every number; undefined for nothing. */
  readonly says: { limit: string | number | undefined };
  readonly media: Media;
  readonly feed: EventFeed;
  readonly url: string;
  readonly databaseUrl: string;
  readonly graphUrl: string;
  /** What was logged, a line each. */
  readonly logged: string[];
  readonly sendersChanged: () => number;
  readonly call: (method: string, path: string, more?: Call) => Promise<Answer>;
  /** A new workspace with a key of each scope. */
  readonly tenant: () => Promise<{ id: string } & Record<Scope, string>>;
  readonly stop: () => Promise<void>;
}

/** @param other a node on the same database */
export async function apiGround(other?: Ground): Promise<ApiGround> {
  const g = other ?? (await ground());
  const { store } = g;
  const clock = await databaseClock(store.db);
  const secrets = openSecrets('the master key of this test');
  await ensureDefaultWorkspace(store, secrets, clock.now());
  const directory = await Directory.open(store, secrets, { adminKey: ADMIN_KEY, log: () => {} });
  const guard = createGuardedClient({
    privateTargets: 'loopback',
    timeoutMs: 1_000,
    maxResponseBytes: 1_000,
    connectionsPerOrigin: 1,
  });
  const says: ApiGround['says'] = { limit: undefined };
  const meta = await metaServer(says);
  const graphUrl = `http://127.0.0.1:${(meta.address() as { port: number }).port}`;
  const whatsapp = new WhatsApp({
    graphUrl,
    graphVersion: 'v23.0',
    timeoutMs: 2_000,
    connections: 2,
    guardedConnect: guardedConnector({ privateTargets: 'loopback', timeoutMs: 2_000 }),
  });
  const folder = await mkdtemp(join(tmpdir(), 'wirebird-media-'));
  const downloads = createDownloads({ privateTargets: 'loopback', timeoutMs: 2_000 });
  const media = new Media({
    store,
    clock,
    storage: localStorage(folder),
    linkKey: await linkKey(store, secrets),
    publicUrl: () => app.listeningOrigin,
    uploadToMeta: (sender, file) => uploadMedia(whatsapp, sender, file),
    fetchFromMeta: (sender, id, maxBytes) => fetchMedia(whatsapp, sender, id, maxBytes),
    senderById: id => directory.senderById(id),
    download: (address, maxBytes) => downloads.get(address, maxBytes),
    keepInboundMs: 86_400_000,
  });
  const ofTemplates = {
    store,
    clock,
    graph: whatsapp.request.bind(whatsapp),
    speakerOf: (account: { workspaceId: string; wabaId: string }) =>
      directory.sendersOfWaba(account.wabaId).find(one => one.workspaceId === account.workspaceId),
  };
  const templates = await Templates.open({
    ...ofTemplates,
    accountOf: id => directory.senderById(id),
    accounts: () => directory.allSenders(),
    onChange: () => {},
    onError: error => void logged.push(String(error)),
  });
  const messagingLimits = new MessagingLimits({
    store,
    clock,
    ask: speaker => whatsapp.messagingLimit(speaker),
    speakerOf: ofTemplates.speakerOf,
  });
  const registry = new Registry();
  new Counter({ name: 'wirebird_things_total', help: 'Things', registers: [registry] }).inc(3);

  const settle = new Settle({
    store,
    clock,
    unconfirmedDeadlineMs: 60_000,
    hold: () => false,
    holds: { hold: async () => {} },
    wake: () => {},
    depth: { added: () => {} },
    confirmHeld: async () => false,
    random: () => 0,
    apply: applyTo(store, clock),
    onNames: () => {},
    onMarketingStopped: () => {},
    onDirect: () => {},
    onAlert: () => {},
  });
  const logged: string[] = [];
  const feed = new EventFeed({ store, clock, onError: error => void logged.push(String(error)) });
  let sendersChanged = 0;
  const app = createServer(
    () => refuseApi,
    pino({ level: 'error' }, { write: line => void logged.push(line) }),
  );
  apiRoutes(app, {
    version: '1.2.3',
    store,
    clock,
    secrets,
    directory,
    registry,
    dialects: [
      {
        name: 'telnyx',
        eventNames: { 'message.sent': ['sent'], 'message.finalized': ['delivered', 'read', 'failed'] },
      },
      OWN,
    ],
    reportsReplayed: () => {},
    checkUrl: address => guard.check(address),
    verifyNumber: credentials => whatsapp.verifyNumber(credentials),
    messagingLimits,
    media,
    templates,
    templateDesk: new TemplateDesk(ofTemplates, templates),
    consents: new Consents(store, clock, () => {}),
    blockAtMeta: async () => 0,
    webhooks: new WebhookHealth({ store, clock, onUnheard: () => {} }),
    feed,
    eventStreams: 64,
    sendersChanged: async () => {
      sendersChanged++;
    },
    cancel: (workspaceId, id) => cancelMessage(store, settle, workspaceId, id),
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  const url = app.listeningOrigin;

  return {
    ...g,
    clock,
    secrets,
    directory,
    messagingLimits,
    says,
    media,
    feed,
    url,
    databaseUrl: g.url,
    graphUrl,
    logged,
    sendersChanged: () => sendersChanged,
    call: (method, path, more) => call(`${url}${path}`, method, more),
    tenant: async () => {
      const made = await createWorkspace(store, secrets, { name: newId() }, clock.now());
      if ('kind' in made) throw new Error(made.detail);
      const key = async (scope: Scope) =>
        (await createKey(store, { workspaceId: made.id, name: scope, scopes: [scope] }, clock.now())).secret;
      const keys = { send: await key('send'), read: await key('read'), admin: await key('admin') };
      await directory.refresh();
      return { id: made.id, ...keys };
    },
    stop: async () => {
      await app.close();
      await feed.idle();
      await templates.close();
      media.close();
      await downloads.close();
      await rm(folder, { recursive: true, force: true });
      await whatsapp.close();
      await guard.close();
      await new Promise(resolve => meta.close(resolve));
      await directory.close();
    },
  };
}

/** Every refusal is looked at: it must be a problem of RFC 9457. */
async function call(url: string, method: string, more: Call = {}): Promise<Answer> {
  const { key = ADMIN_KEY, body, raw = body === undefined ? undefined : JSON.stringify(body) } = more;
  const response = await fetch(url, {
    method,
    headers: {
      ...(key === null ? {} : { authorization: `Bearer ${key}` }),
      ...(raw === undefined ? {} : { 'content-type': more.type ?? 'application/json' }),
    },
    body: raw ?? null,
  });
  const text = await response.text();
  const type = response.headers.get('content-type') ?? '';
  const json: Json = type.includes('json') ? JSON.parse(text) : undefined;
  if (response.status >= 400) {
    expect(type).toContain('application/problem+json');
    expect(json).toMatchObject({ type: 'about:blank', status: response.status });
    expect(json.title).not.toBe('');
    expect(json.detail).not.toBe('');
  }
  return { status: response.status, type, headers: response.headers, text, json };
}

/** The little of Meta that a sender's check needs: the token of a number is `token-<id>`, the number +1555<id>. */
async function metaServer(says: ApiGround['says']): Promise<Server> {
  const server = createHttpServer((request, response) => {
    const id = /^\/v23\.0\/(\d+)\?/.exec(request.url ?? '')?.[1];
    response.setHeader('content-type', 'application/json');
    if (request.headers.authorization === 'Bearer busy') return void response.writeHead(500).end('{}');
    if (request.headers.authorization !== `Bearer token-${id}`) {
      const error = { message: 'Invalid OAuth access token', type: 'OAuthException', code: 190 };
      return void response.writeHead(401).end(JSON.stringify({ error }));
    }
    const all: Record<string, unknown> = {
      display_phone_number: `+1 555-${id}`,
      verified_name: 'Nest Ltd',
      whatsapp_business_manager_messaging_limit: says.limit,
    };
    const fields = new URL(request.url ?? '', 'http://meta').searchParams.get('fields') ?? '';
    response.end(
      JSON.stringify({ id, ...Object.fromEntries(fields.split(',').map(name => [name, all[name]])) }),
    );
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}
