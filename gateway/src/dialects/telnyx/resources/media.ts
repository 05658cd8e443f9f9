import type { FastifyInstance } from 'fastify';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { MediaRecord, UploadOutcome, UploadRefusal } from '../../../media/record.ts';
import { keepUntil, shelfOf } from '../../../media/shelf.ts';
import type { Below } from '../../dialect.ts';
import type { Fault } from '../errors.ts';
import { FILE_MAX, type Form } from '../form.ts';
import { type Asked, found, listed, made, mount, NOTHING } from '../mount.ts';
import { sliceOf } from '../paging.ts';
import { invalid, notFound } from '../refused.ts';
import { missing, urlFault } from '../shape.ts';
import { time } from '../translate.ts';
import { readBody } from './body.ts';

/** telnyx §7: two days, and at most twenty years. */
const TTL_DEFAULT = 2 * 24 * 3_600;
const TTL_MAX = 630_720_000;

/** In characters, as names of files are. */
const NAME_MAX = 255;

const Ttl = Type.Optional(Type.Integer({ minimum: 1, maximum: TTL_MAX }));
const Name = Type.Optional(Type.String({ minLength: 1, maxLength: NAME_MAX }));
const Url = Type.Optional(Type.String({ minLength: 1 }));

const Change = Type.Object({ media_url: Url, ttl_secs: Ttl });
const CHANGE = Compile(Change);
const New = Type.Object({ media_url: Url, media_name: Name, ttl_secs: Ttl });
const NEW = Compile(New);

/** The field of a form that has the file (telnyx §3, row 21). */
const FILE_FIELD = 'media';

/** Files that a workspace keeps here (telnyx §3, rows 21 and 22). */
export function mediaRoutes(app: FastifyInstance, below: Below): void {
  const { media, store, clock } = below;

  mount(app, ['/v2/media'], {
    GET: [
      'read',
      ({ workspaceId, query }) =>
        listed(
          query,
          page =>
            shelfOf(
              store,
              workspaceId,
              { mimeTypes: typesOf(query['filter[content_type]'] ?? query['filter[content_type][]']) },
              sliceOf(page),
              clock.now(),
            ),
          show,
        ),
    ],
    POST: [
      'send',
      async ({ workspaceId, ...asked }) => {
        const { body, file } = given(asked);
        const wanted = readBody(NEW, body, one => sourceFaults(one, file, below));
        const facts = {
          name: wanted.media_name,
          ttlSeconds: wanted.ttl_secs ?? TTL_DEFAULT,
          maxBytes: FILE_MAX,
        };
        // What has had its time may not have been swept away yet, and keeps its name.
        if (wanted.media_name !== undefined) await sweepExpired(below, workspaceId, wanted.media_name);
        const outcome =
          file === undefined
            ? await media.uploadFrom(workspaceId, { ...facts, url: wanted.media_url! })
            : await media.upload(workspaceId, { ...facts, ...file });
        return made(show(stored(outcome, file)));
      },
      FILE_FIELD,
    ],
  });

  mount(app, ['/v2/media/:name'], {
    GET: ['read', async ({ workspaceId, params }) => found(show(await own(below, workspaceId, params.name)))],
    PUT: [
      'send',
      async ({ workspaceId, params, ...asked }) => {
        const { body, file } = given(asked);
        const record = await own(below, workspaceId, params.name);
        const change = readBody(CHANGE, body, one => sourceFaults(one, file, below, one.ttl_secs));
        const { media_url: url, ttl_secs: ttlSeconds } = change;
        if (file === undefined && url === undefined) {
          const now = clock.now();
          const until = new Date(now.getTime() + (ttlSeconds ?? TTL_DEFAULT) * 1000);
          const kept = await keepUntil(store, record.id, until, now);
          if (kept === undefined) throw notFound(`media ${params.name}`);
          return found(show(kept));
        }
        const facts = { ttlSeconds: ttlSeconds ?? TTL_DEFAULT, maxBytes: FILE_MAX };
        const outcome =
          file === undefined
            ? await media.replaceFrom(record, { ...facts, url: url! })
            : await media.replace(record, { ...facts, ...file });
        return found(show(stored(outcome, file)));
      },
      FILE_FIELD,
    ],
    DELETE: [
      'send',
      async ({ workspaceId, params }) => {
        await media.remove(await own(below, workspaceId, params.name));
        return NOTHING;
      },
    ],
  });

  mount(app, ['/v2/media/:name/download'], {
    GET: [
      'read',
      async ({ workspaceId, params }) => {
        const record = await own(below, workspaceId, params.name);
        const bytes = await media.open(record.id);
        if (bytes === undefined) throw notFound(`media ${params.name}`);
        const filename = encodeURIComponent((record.filename ?? record.name ?? record.id).toWellFormed());
        const headers = {
          'content-type': /^[\w.+-]+\/[\w.+-]+$/.test(record.mimeType)
            ? record.mimeType
            : 'application/octet-stream',
          'content-disposition': `attachment; filename*=UTF-8''${filename.replaceAll("'", '%27')}`,
          // A file of a customer's is never a page of ours.
          'x-content-type-options': 'nosniff',
          ...(record.size === undefined ? {} : { 'content-length': String(record.size) }),
        };
        return { status: 200, headers, body: bytes };
      },
    ],
  });
}

/** What a request brings, as JSON or as a form: a form's numbers are texts. */
function given({ body, form }: Pick<Asked, 'body' | 'form'>): {
  readonly body: unknown;
  readonly file: Form['file'];
} {
  if (form === undefined) return { body, file: undefined };
  const fields: Record<string, unknown> = {};
  for (const name of ['media_url', 'media_name', 'ttl_secs']) {
    const value = form.fields.get(name);
    if (value !== undefined)
      fields[name] = name === 'ttl_secs' && /^\d{1,12}$/.test(value) ? Number(value) : value;
  }
  return { body: fields, file: form.file };
}

/** A file comes in a form or from an address, and from one of both; a change may be of the time alone. */
function sourceFaults(
  wanted: Static<typeof Change>,
  file: Form['file'],
  { checkUrl }: Below,
  instead?: number,
): Fault[] {
  const { media_url: url } = wanted;
  if (file === undefined && url === undefined) return instead === undefined ? [missing('/media_url')] : [];
  if (file !== undefined && url !== undefined) {
    const detail = 'A media comes from a file or from a URL, not from both.';
    return [{ code: '10015', detail, pointer: '/media_url' }];
  }
  const fault = urlFault(url, '/media_url', checkUrl);
  return fault === undefined ? [] : [fault];
}

function typesOf(text: string | undefined): string[] | undefined {
  return text?.split(',').map(type => type.trim().toLowerCase());
}

async function own(below: Below, workspaceId: string, name = ''): Promise<MediaRecord> {
  const record = await below.media.byName(workspaceId, name);
  if (record === undefined || hasExpired(record, below.clock.now())) throw notFound(`media ${name}`);
  return record;
}

async function sweepExpired({ media, clock }: Below, workspaceId: string, name: string): Promise<void> {
  const record = await media.byName(workspaceId, name);
  if (record !== undefined && hasExpired(record, clock.now())) await media.remove(record);
}

function hasExpired({ expiresAt }: MediaRecord, now: Date): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** @throws Refused when nothing was stored */
function stored(outcome: UploadOutcome, file: Form['file']): MediaRecord {
  if (outcome.kind === 'stored') return outcome.media;
  throw invalid(uploadFault(outcome, file === undefined ? '/media_url' : `/${FILE_FIELD}`));
}

function uploadFault(refusal: UploadRefusal, source: string): Fault {
  const { detail } = refusal;
  switch (refusal.kind) {
    case 'conflict':
      return { code: '10015', detail, pointer: '/media_name' };
    case 'unreachable':
      return { code: '10003', detail, pointer: source };
    case 'refused':
      return refusal.what === 'name'
        ? { code: '10025', detail, pointer: '/media_name' }
        : { code: '10015', detail, pointer: source };
  }
}

function show(media: MediaRecord) {
  return {
    record_type: 'media',
    media_name: media.name ?? media.id,
    content_type: media.mimeType,
    created_at: time(media.createdAt),
    updated_at: time(media.updatedAt),
    expires_at: time(media.expiresAt),
  };
}
