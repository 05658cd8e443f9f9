import { type Static, Type } from 'typebox';
import { deleteSender } from '../accounts/delete-sender.ts';
import { assignProfile } from '../accounts/messaging-profiles.ts';
import {
  changeSender,
  createSender,
  getSender,
  listSenders,
  type SenderRecord,
} from '../accounts/senders.ts';
import type { Credentials, NumberCheck } from '../carriers/whatsapp/client.ts';
import { principalOf, requires } from './access.ts';
import type { Api, ApiDeps } from './deps.ts';
import { invalid, notFound, Problem } from './problem.ts';
import { listOf, readQuery } from './query.ts';
import { Exactly, MetaId, Name, Nullable, Phone, Secret, Url } from './schema.ts';

/** WhatsApp gives a number at most 1,000 messages per second (meta-cloud-api §8). */
const Throughput = Type.Integer({ minimum: 1, maximum: 1_000 });

const NewSender = Exactly({
  phone_number: Phone,
  phone_number_id: MetaId,
  waba_id: MetaId,
  access_token: Secret,
  app_secret: Secret,
  verify_token: Type.Optional(Nullable(Secret)),
  display_name: Type.Optional(Nullable(Name)),
  throughput: Type.Optional(Throughput),
  app_id: Type.Optional(Nullable(MetaId)),
  graph_url: Type.Optional(Nullable(Url)),
});

/** The number and its id stay: another number is another sender. */
const Change = Exactly({
  waba_id: Type.Optional(MetaId),
  access_token: Type.Optional(Secret),
  app_secret: Type.Optional(Secret),
  verify_token: Type.Optional(Nullable(Secret)),
  display_name: Type.Optional(Nullable(Name)),
  throughput: Type.Optional(Throughput),
  app_id: Type.Optional(Nullable(MetaId)),
  graph_url: Type.Optional(Nullable(Url)),
  messaging_profile_id: Type.Optional(Nullable(Type.String())),
});

const Params = Type.Object({ id: Type.String() });

/** Business numbers. Their secrets come in and never go out. */
export function senderRoutes(api: Api, deps: ApiDeps): void {
  const { store, secrets, clock, directory, sendersChanged } = deps;
  const admin = requires(directory, 'admin');
  const read = requires(directory, 'read');

  api.post('/api/senders', { ...admin, schema: { body: NewSender } }, async (request, reply) => {
    const body = request.body;
    const graphUrl = openGraphUrl(deps, body.graph_url);
    const verified = await verify(deps, {
      phoneNumberId: body.phone_number_id,
      accessToken: body.access_token,
      graphUrl,
    });
    const display = verified.displayPhoneNumber;
    if (display !== undefined && `+${display.replace(/\D/g, '')}` !== body.phone_number) {
      throw invalid({
        pointer: '/phone_number',
        detail: `The phone-number id ${body.phone_number_id} belongs to ${display}, says WhatsApp, not to ${body.phone_number}.`,
      });
    }
    const made = await createSender(
      store,
      secrets,
      {
        workspaceId: principalOf(request).workspaceId,
        phoneNumber: body.phone_number,
        phoneNumberId: body.phone_number_id,
        wabaId: body.waba_id,
        accessToken: body.access_token,
        appSecret: body.app_secret,
        verifyToken: body.verify_token ?? undefined,
        displayName: body.display_name ?? verified.verifiedName,
        throughput: body.throughput,
        appId: body.app_id ?? undefined,
        graphUrl,
      },
      clock.now(),
    );
    if ('kind' in made) throw new Problem(409, made.detail);
    const shown = await withLimit(deps, made, body.access_token);
    await directory.refresh();
    await sendersChanged();
    return reply.code(201).send(show(deps, shown));
  });

  api.get('/api/senders', read, async request =>
    listOf(
      readQuery(request, []).page,
      page => listSenders(store, principalOf(request).workspaceId, page),
      sender => show(deps, sender),
    ),
  );

  api.get('/api/senders/:id', { ...read, schema: { params: Params } }, async request => {
    const sender = await getSender(store, principalOf(request).workspaceId, request.params.id);
    if (sender === undefined) throw notFound('sender');
    return show(deps, sender);
  });

  api.patch('/api/senders/:id', { ...admin, schema: { params: Params, body: Change } }, async request => {
    const { workspaceId } = principalOf(request);
    const { id } = request.params;
    const known = await getSender(store, workspaceId, id);
    if (known === undefined) throw notFound('sender');
    const change = changeOf(request.body);
    openGraphUrl(deps, change.graphUrl);
    if (change.accessToken !== undefined || change.graphUrl !== undefined) {
      const accessToken = change.accessToken ?? directory.senderById(id)?.accessToken;
      if (accessToken === undefined) {
        throw invalid({
          pointer: '/access_token',
          detail: 'The stored access_token cannot be opened: give it again.',
        });
      }
      await verify(deps, {
        phoneNumberId: known.phoneNumberId,
        accessToken,
        graphUrl: change.graphUrl === undefined ? known.graphUrl : (change.graphUrl ?? undefined),
      });
    }
    await moveToProfile(deps, workspaceId, id, request.body.messaging_profile_id);
    const changed = await changeSender(store, secrets, workspaceId, id, change, clock.now());
    if (changed === undefined) throw notFound('sender');
    const accessToken = change.accessToken ?? directory.senderById(id)?.accessToken;
    const checked = change.accessToken !== undefined || change.graphUrl !== undefined;
    const shown =
      accessToken !== undefined && (checked || changed.wabaId !== known.wabaId)
        ? await withLimit(deps, changed, accessToken)
        : changed;
    await directory.refresh();
    await sendersChanged();
    return show(deps, shown);
  });

  api.delete('/api/senders/:id', { ...admin, schema: { params: Params } }, async (request, reply) => {
    const { workspaceId } = principalOf(request);
    const outcome = await deleteSender(store, workspaceId, request.params.id, clock.now());
    if (outcome === undefined) throw notFound('sender');
    if (outcome !== 'deleted') throw new Problem(409, outcome.detail);
    await directory.refresh();
    await sendersChanged();
    return reply.code(204).send();
  });
}

function changeOf(body: Static<typeof Change>) {
  return {
    wabaId: body.waba_id,
    accessToken: body.access_token,
    appSecret: body.app_secret,
    verifyToken: body.verify_token,
    displayName: body.display_name,
    throughput: body.throughput,
    appId: body.app_id,
    graphUrl: body.graph_url,
  };
}

/** Null puts the number back into the workspace's own profile. */
async function moveToProfile(
  { store, clock }: ApiDeps,
  workspaceId: string,
  id: string,
  profileId: string | null | undefined,
): Promise<void> {
  if (profileId === undefined) return;
  const outcome = await assignProfile(store, workspaceId, id, profileId ?? undefined, clock.now());
  if (outcome === 'no such sender') throw notFound('sender');
  if (outcome === 'no such profile')
    throw invalid({
      pointer: '/messaging_profile_id',
      detail: `There is no messaging profile ${profileId} in this workspace.`,
    });
}

function openGraphUrl(deps: ApiDeps, url: string | null | undefined): string | undefined {
  if (url === null || url === undefined) return undefined;
  const shut = deps.checkUrl(url);
  if (shut !== undefined)
    throw invalid({ pointer: '/graph_url', detail: `graph_url cannot be used: ${shut}.` });
  return url;
}

/** What Meta says of the number, read with its token. */
async function verify(deps: ApiDeps, credentials: Credentials): Promise<Extract<NumberCheck, { ok: true }>> {
  const check = await deps.verifyNumber(credentials);
  if (check.ok) return check;
  const { code, title, detail, source, outcome, remedy } = check.failure;
  const said = `${code}: ${title}${detail === undefined ? '' : ` (${detail})`}`;
  if (source === 'network' || outcome === 'retry') {
    throw new Problem(
      502,
      `The number could not be read at WhatsApp: ${said}. Nothing was stored; try again.`,
    );
  }
  throw invalid({
    pointer: '/access_token',
    detail: `WhatsApp does not show this number to this token: ${said}. ${remedy}`,
  });
}

/** The sender as it is when Meta was asked for its messaging limit too. */
async function withLimit(
  { store, messagingLimits }: ApiDeps,
  sender: SenderRecord,
  accessToken: string,
): Promise<SenderRecord> {
  const { id, workspaceId, phoneNumberId, graphUrl } = sender;
  if (!(await messagingLimits.read(sender, { phoneNumberId, accessToken, graphUrl }))) return sender;
  return (await getSender(store, workspaceId, id)) ?? sender;
}

function show({ webhooks }: ApiDeps, sender: SenderRecord) {
  const { hold } = sender;
  return {
    id: sender.id,
    phone_number: sender.phoneNumber,
    phone_number_id: sender.phoneNumberId,
    waba_id: sender.wabaId,
    display_name: sender.displayName ?? null,
    throughput: sender.throughput,
    app_id: sender.appId ?? null,
    graph_url: sender.graphUrl ?? null,
    messaging_profile_id: sender.profileId,
    has_verify_token: sender.hasVerifyToken,
    quality_rating: sender.qualityRating ?? null,
    messaging_limit: sender.messagingLimit ?? null,
    account_status: sender.accountStatus ?? null,
    last_webhook_at: webhooks.lastAt(sender.id) ?? null,
    /** Its messages are sent, and no webhook says what became of them. */
    webhook_missing: webhooks.isUnheard(sender.id),
    hold:
      hold === undefined
        ? null
        : {
            code: hold.code,
            detail: hold.detail ?? null,
            until: hold.until ?? null,
            probe_at: hold.probeAt ?? null,
          },
    created_at: sender.createdAt,
    updated_at: sender.updatedAt,
  };
}
