import { Type } from 'typebox';
import { readConsentSettings, writeConsentSettings } from '../accounts/consent-settings.ts';
import type { Page } from '../accounts/outcome.ts';
import { CONSENT, CONSENT_REASONS, type ConsentReason } from '../message/consent.ts';
import { isBsuid, isE164 } from '../message/phone.ts';
import { START_WORDS, STOP_WORDS } from '../message/stop-words.ts';
import { type Entry, entriesOf, historyOf } from '../recipients/ledger.ts';
import { principalOf, requires } from './access.ts';
import { consentCsvRoutes } from './consents-csv.ts';
import { CHANNEL, NOTE_MAX } from './consents-schema.ts';
import type { Api, ApiDeps } from './deps.ts';
import { invalid, notFound } from './problem.ts';
import { listOf, oneOf, readQuery } from './query.ts';
import { Exactly } from './schema.ts';

const Recipient = Type.String({ minLength: 1, maxLength: 300 });
const Note = Type.Optional(Type.String({ maxLength: NOTE_MAX }));
const Channel = Type.Optional(Type.String({ pattern: CHANNEL.source }));
const Reason = Type.Enum([...CONSENT_REASONS]);

const WORDS_MAX = 100;
const Words = Type.Optional(
  Type.Record(
    Type.String({ pattern: '^[a-z]{2,3}$' }),
    Type.Array(Type.String({ minLength: 1, maxLength: 64 }), { maxItems: WORDS_MAX }),
  ),
);
const Reply = Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 1_024 }), Type.Null()]));

const Settings = Exactly({
  opt_outs: Type.Optional(Type.Enum(['marketing', 'all', 'none'])),
  block_list: Type.Optional(Type.Boolean()),
  stop_words: Words,
  start_words: Words,
  stop_reply: Reply,
  start_reply: Reply,
});

/** Who does not want to be written to, and what the workspace makes of it. */
export function consentRoutes(api: Api, deps: ApiDeps): void {
  const { store, clock, directory, consents } = deps;
  const read = requires(directory, 'read');
  const send = requires(directory, 'send');
  const admin = requires(directory, 'admin');

  const list = (workspaceId: string, page: Page, reasons: number, recipient: string | undefined) =>
    listOf(page, inner => entriesOf(store, workspaceId, { reasons, recipient }, inner), show);

  api.get('/api/consents', read, async request => {
    const { page, filters } = readQuery(request, ['reason', 'recipient']);
    const reason = oneOf('reason', filters.reason, CONSENT_REASONS);
    const mask = reason === undefined ? ALL : CONSENT[reason];
    return list(principalOf(request).workspaceId, page, mask, plus(filters.recipient));
  });

  api.get('/api/consents/history', read, async request => {
    const { page, filters } = readQuery(request, ['recipient']);
    if (filters.recipient === undefined)
      throw invalid({ parameter: 'recipient', detail: 'recipient says whose history it is.' });
    const recipient = plus(filters.recipient)!;
    return listOf(page, inner => historyOf(store, principalOf(request).workspaceId, recipient, inner), show);
  });

  const change = async (
    workspaceId: string,
    body: { recipient: string; channel?: string; note?: string },
    reason: ConsentReason,
    active: boolean,
  ) => {
    const customer = checked(body.recipient);
    const { channel, note } = body;
    return consents.record([
      {
        workspaceId,
        customer,
        reason,
        active,
        source: 'manual',
        note,
        ...(channel === undefined ? {} : { channel }),
      },
    ]);
  };

  api.post(
    '/api/consents',
    {
      ...send,
      schema: { body: Exactly({ recipient: Recipient, reason: Reason, channel: Channel, note: Note }) },
    },
    async (request, reply) => {
      const { workspaceId } = principalOf(request);
      const changed = await change(workspaceId, request.body, request.body.reason, true);
      return reply.code(changed.length > 0 ? 201 : 200).send({ recipient: checked(request.body.recipient) });
    },
  );

  api.delete(
    '/api/consents',
    {
      ...send,
      schema: { body: Exactly({ recipient: Recipient, reason: Reason, channel: Channel, note: Note }) },
    },
    async (request, reply) => {
      const changed = await change(
        principalOf(request).workspaceId,
        request.body,
        request.body.reason,
        false,
      );
      if (changed.length === 0) throw notFound('entry');
      return reply.code(204).send();
    },
  );

  api.get('/api/block-list', read, async request => {
    const { page, filters } = readQuery(request, ['recipient']);
    return list(principalOf(request).workspaceId, page, CONSENT.blocked, plus(filters.recipient));
  });

  api.post(
    '/api/block-list',
    { ...send, schema: { body: Exactly({ recipient: Recipient, note: Note }) } },
    async (request, reply) => {
      const { workspaceId } = principalOf(request);
      const changed = await change(workspaceId, request.body, 'blocked', true);
      const recipient = checked(request.body.recipient);
      const atWhatsApp = await deps.blockAtMeta(workspaceId, recipient, true);
      return reply.code(changed.length > 0 ? 201 : 200).send({ recipient, blocked_at_whatsapp: atWhatsApp });
    },
  );

  api.delete(
    '/api/block-list/:recipient',
    { ...send, schema: { params: Type.Object({ recipient: Type.String() }) } },
    async (request, reply) => {
      const { workspaceId } = principalOf(request);
      const recipient = plus(request.params.recipient)!;
      const changed = await change(workspaceId, { recipient }, 'blocked', false);
      if (changed.length === 0) throw notFound('entry of the block list');
      await deps.blockAtMeta(workspaceId, recipient, false);
      return reply.code(204).send();
    },
  );

  api.get('/api/consent-settings', read, async request => shown(principalOf(request).workspaceId));

  api.patch('/api/consent-settings', { ...admin, schema: { body: Settings } }, async request => {
    const { workspaceId } = principalOf(request);
    const before = await readConsentSettings(store, workspaceId);
    const { opt_outs, block_list, stop_words, start_words, stop_reply, start_reply } = request.body;
    const reply = (given: string | null | undefined, known: string | undefined) =>
      given === undefined ? known : (given ?? undefined);
    const [stopReply, startReply] = [
      reply(stop_reply, before.words.stopReply),
      reply(start_reply, before.words.startReply),
    ];
    await writeConsentSettings(
      store,
      workspaceId,
      {
        optOuts: opt_outs ?? before.optOuts,
        blockList: block_list ?? before.blockList,
        words: {
          stop: { ...before.words.stop, ...stop_words },
          start: { ...before.words.start, ...start_words },
          ...(stopReply === undefined ? {} : { stopReply }),
          ...(startReply === undefined ? {} : { startReply }),
        },
      },
      clock.now(),
    );
    await directory.refresh();
    return shown(workspaceId);
  });

  async function shown(workspaceId: string) {
    const { optOuts, blockList, words } = await readConsentSettings(store, workspaceId);
    return {
      opt_outs: optOuts,
      block_list: blockList,
      stop_words: { ...STOP_WORDS, ...words.stop },
      start_words: { ...START_WORDS, ...words.start },
      stop_reply: words.stopReply ?? null,
      start_reply: words.startReply ?? null,
    };
  }

  consentCsvRoutes(api, deps);
}

const ALL = CONSENT.unsubscribed | CONSENT.blocked | CONSENT.stopped | CONSENT.marketing;

/** A plus sign that was not written as %2B arrives as a space. */
function plus(text: string | undefined): string | undefined {
  return text?.replace(/^ ?(?=\d)/, '+');
}

function checked(recipient: string): string {
  if (isE164(recipient) || isBsuid(recipient)) return recipient;
  throw invalid({
    pointer: '/recipient',
    detail: 'recipient must be a number in E.164, or a user id of WhatsApp’s.',
  });
}

function show(entry: Entry) {
  return {
    id: entry.id,
    recipient: entry.customer,
    channel: entry.channel,
    reason: entry.reason,
    active: entry.active,
    source: entry.source,
    note: entry.note ?? null,
    at: entry.at,
  };
}
