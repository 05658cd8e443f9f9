import { ERROR_CODES, type ErrorCode } from './error-codes.ts';

/** The documentation of the error codes, made from the table that the outbox obeys. */
export function errorPage(): string {
  const rows = ERROR_CODES.map(entry => `| ${cells(entry).join(' | ')} |`);
  return [
    '# What Wirebird does about an error of WhatsApp',
    '',
    'Made from `gateway/src/carriers/whatsapp/error-codes.ts` by `npm run docs`; also at `GET /api/error-codes`.',
    '',
    'A code that is not here ends the message when WhatsApp answers 4xx, and is tried three more times when it answers 5xx.',
    'An error that comes by webhook is about a message that has left: it always ends it.',
    '',
    '| code | meaning | the message | waits | who acts | what to do | SMS |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function cells(entry: ErrorCode): string[] {
  const [from, to] = entry.code;
  return [
    from === to ? String(from) : `${from}–${to}`,
    entry.meaning,
    fate(entry),
    entry.holds ?? '',
    entry.who,
    entry.remedy,
    entry.sms ? 'yes' : '',
  ];
}

function fate({ outcome, retry }: ErrorCode): string {
  switch (outcome) {
    case 'final':
      return 'fails';
    case 'retry':
      return retry?.kind === 'after' ? `again after ${retry.ms / 1000} s` : 'again after 1, 5 and 25 s';
    case 'hold':
      return retry?.kind === 'after' ? `waits ${retry.ms / 1000} s` : 'waits until it is mended';
  }
}
