import type { IncomingHttpHeaders } from 'node:http';
import { type Fields, isFields } from '../checks.ts';

/** The forms in which events come: four vendors' own, and Standard Webhooks, which Wirebird's own events have. */
export type DialectName = 'telnyx' | 'ycloud' | 'standard_webhooks' | 'elevenlabs' | 'infobip';

/** What a body says of its event; a receiver knows a repeat by type and id together. */
export interface EventName {
  type: string | undefined;
  id: string | undefined;
  attempt: number | undefined;
}

interface Dialect {
  name: DialectName;
  /** One of these gives it away, whatever the body is. */
  headers: readonly string[];
  fits: (body: Fields) => boolean;
  event: (body: Fields, headers: IncomingHttpHeaders) => EventName;
}

/** Bodies are looked at in this order: the later ones say less about whose they are. */
const DIALECTS: readonly Dialect[] = [
  {
    name: 'telnyx',
    headers: ['telnyx-signature-ed25519', 'telnyx-timestamp'],
    fits: body => isFields(body.data) && typeof body.data.event_type === 'string',
    event: body => {
      const { event_type, id } = fieldsOf(body.data);
      const { attempt } = fieldsOf(body.meta);
      return {
        type: textOf(event_type),
        id: textOf(id),
        attempt: typeof attempt === 'number' ? attempt : undefined,
      };
    },
  },
  {
    name: 'ycloud',
    headers: ['ycloud-signature', 'x-webhook-endpoint-id'],
    fits: body => typeof body.apiVersion === 'string' && typeof body.type === 'string',
    event: ({ type, id }) => ({ type: textOf(type), id: textOf(id), attempt: undefined }),
  },
  {
    name: 'elevenlabs',
    headers: ['elevenlabs-signature'],
    fits: body => typeof body.event_timestamp === 'number' && typeof body.type === 'string',
    // ElevenLabs has no ids of events: its receivers go by the conversation.
    event: ({ type, data }) => ({
      type: textOf(type),
      id: textOf(fieldsOf(data).conversation_id),
      attempt: undefined,
    }),
  },
  {
    name: 'infobip',
    headers: [],
    fits: body => Array.isArray(body.results) || isFields(body.change) || isFields(body.content),
    event: infobipEvent,
  },
  {
    name: 'standard_webhooks',
    headers: ['webhook-signature', 'webhook-id'],
    fits: body => typeof body.type === 'string' && typeof body.timestamp === 'string' && 'data' in body,
    event: ({ type }, headers) => ({
      type: textOf(type),
      id: textOf(headers['webhook-id']),
      attempt: undefined,
    }),
  },
];

/** Whose request it looks like, and which event it tells of. */
export function readEvent(
  headers: IncomingHttpHeaders,
  body: Buffer,
): EventName & { dialect: DialectName | undefined } {
  const fields = jsonOf(body);
  const dialect =
    DIALECTS.find(each => each.headers.some(name => headers[name] !== undefined)) ??
    DIALECTS.find(each => each.fits(fields));
  if (dialect === undefined) {
    return { dialect: undefined, type: undefined, id: undefined, attempt: undefined };
  }
  return { dialect: dialect.name, ...dialect.event(fields, headers) };
}

/** Infobip has no ids of events: a report is known by its message and by what it says of it. */
function infobipEvent(body: Fields): EventName {
  const results = Array.isArray(body.results) ? body.results.filter(isFields) : [];
  const [first] = results;
  if (first === undefined) {
    const type = textOf(fieldsOf(body.change).type) ?? textOf(fieldsOf(body.content).type);
    return { type, id: undefined, attempt: undefined };
  }
  const ids = results.flatMap(({ messageId }) => textOf(messageId) ?? []);
  return {
    type: infobipType(first),
    id: ids.length === 0 ? undefined : ids.join(', '),
    attempt: undefined,
  };
}

function infobipType(result: Fields): string | undefined {
  if (result.seenAt !== undefined) return 'SEEN';
  if (isFields(result.message)) return `INBOUND ${textOf(result.message.type) ?? ''}`.trim();
  return textOf(fieldsOf(result.status).name);
}

function jsonOf(body: Buffer): Fields {
  try {
    return fieldsOf(JSON.parse(body.toString()));
  } catch {
    return {};
  }
}

function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : {};
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}
