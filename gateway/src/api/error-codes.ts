import { ERROR_CODES } from '../carriers/whatsapp/error-codes.ts';
import { requires } from './access.ts';
import type { Api, ApiDeps } from './deps.ts';

/** What is done about each of Meta's error codes: the table that the outbox obeys. */
export function errorCodeRoutes(api: Api, { directory }: ApiDeps): void {
  api.get('/api/error-codes', requires(directory, 'read'), () => ({
    data: ERROR_CODES.map(({ code: [from, to], meaning, outcome, retry, holds, who, remedy, sms }) => ({
      code: from,
      ...(from === to ? {} : { to }),
      meaning,
      outcome,
      retry_after_ms: retry?.kind === 'after' ? retry.ms : null,
      tries: retry?.kind === 'backoff' ? retry.tries : null,
      holds: holds ?? null,
      who,
      remedy,
      sms,
    })),
  }));
}
