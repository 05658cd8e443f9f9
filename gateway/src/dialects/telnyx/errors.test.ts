import { describe, expect, test } from 'vitest';
import type { HttpProblem } from '../../problem.ts';
import { failureError, refuse, refuseFaults } from './errors.ts';

interface Body {
  readonly errors: {
    code: string;
    title: string;
    detail: string;
    source?: object;
    meta: Record<string, unknown>;
  }[];
}

describe('every problem is refused in Telnyx’s shape', () => {
  test.each<[HttpProblem, number, string, string, Record<string, string> | undefined]>([
    [{ kind: 'unauthenticated' }, 401, '10009', 'Authentication failed', { 'www-authenticate': 'Bearer' }],
    [{ kind: 'forbidden', scope: 'send' }, 403, '10010', 'Authorization failed', undefined],
    [
      { kind: 'not_found', method: 'GET', path: '/v2/nothing' },
      404,
      '10005',
      'Resource not found',
      undefined,
    ],
    [
      { kind: 'method_not_allowed', method: 'PUT', allowed: ['GET', 'HEAD'] },
      405,
      '10030',
      'Method not allowed',
      { allow: 'GET, HEAD' },
    ],
    [{ kind: 'malformed_json', message: 'broken' }, 400, '10023', 'Invalid JSON', undefined],
    [
      { kind: 'unsupported_media_type', given: 'text/plain' },
      415,
      '10029',
      'Expected JSON Content-Type',
      undefined,
    ],
    [
      { kind: 'unsupported_media_type', given: undefined },
      415,
      '10029',
      'Expected JSON Content-Type',
      undefined,
    ],
    [{ kind: 'too_large', limit: 5 }, 413, '10015', 'Bad Request', undefined],
    [{ kind: 'bad_request', message: 'odd' }, 400, '10015', 'Bad Request', undefined],
    [
      { kind: 'overloaded', retryAfterSeconds: 2, inDoubt: false },
      503,
      '10037',
      'Service unavailable',
      { 'retry-after': '2', 'x-should-retry': 'true' },
    ],
    [
      { kind: 'overloaded', retryAfterSeconds: 2, inDoubt: true },
      503,
      '10037',
      'Service unavailable',
      { 'retry-after': '2', 'x-should-retry': 'false' },
    ],
    [
      { kind: 'internal', reference: 'ref-1' },
      500,
      '10007',
      'Unexpected error',
      { 'x-should-retry': 'false' },
    ],
  ])('$kind', (problem, status, code, title, headers) => {
    const refusal = refuse(problem);
    expect(refusal).toMatchObject({
      status,
      body: {
        errors: [
          { code, title, meta: { url: `https://developers.telnyx.com/docs/overview/errors/${code}` } },
        ],
      },
    });
    expect(refusal.headers).toEqual(headers);
    expect((refusal.body as Body).errors[0]?.detail).toMatch(/\w/);
  });

  test('an internal error is found again by its reference', () => {
    const [error] = (refuse({ kind: 'internal', reference: 'ref-1' }).body as Body).errors;
    expect(error?.detail).toContain('ref-1');
    expect(error?.meta.reference).toBe('ref-1');
  });
});

test('faults of a body are listed with their pointers, also the one at its root', () => {
  expect(
    refuseFaults(422, [
      { code: '10004', detail: 'a', pointer: '/to' },
      { code: '10026', detail: 'b', pointer: '' },
      { code: '10015', detail: 'c' },
    ]),
  ).toMatchObject({
    status: 422,
    body: {
      errors: [
        { title: 'Missing required parameter', source: { pointer: '/to' } },
        { source: { pointer: '' } },
        { detail: 'c' },
      ],
    },
  });
});

describe('why a message failed', () => {
  test.each([
    ['131047', '41000', 'WhatsApp Error'],
    ['131026', '41000', 'WhatsApp Error'],
    ['132000', '41000', 'WhatsApp Error'],
    ['132001', '40008', 'Undeliverable'],
    ['132015', '40008', 'Undeliverable'],
    ['132016', '40008', 'Undeliverable'],
  ])('Meta’s %s is %s', (code, expected, title) => {
    const failure = {
      code,
      title: 'Meta’s title',
      detail: 'More of it',
      remedy: 'Do that.',
      source: 'meta',
    } as const;
    expect(failureError(failure)).toMatchObject({
      code: expected,
      title,
      detail: `(#${code}) Meta’s title`,
      source: { pointer: '/to/0' },
      meta: { whatsapp_error_code: code, error_user_msg: 'More of it', remedy: 'Do that.' },
    });
  });

  test('a failure that is not Meta’s claims no code of Meta’s', () => {
    const error = failureError({
      code: 'unconfirmed',
      title: 'Delivery could not be confirmed',
      source: 'wirebird',
    });
    expect(error).toMatchObject({
      code: '41000',
      detail: 'Delivery could not be confirmed',
      meta: { wirebird_error_code: 'unconfirmed' },
    });
    expect(error.meta).not.toHaveProperty('whatsapp_error_code');
  });
});
