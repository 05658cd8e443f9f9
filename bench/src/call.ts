import { request } from 'undici';

/**
 * Calls a JSON API, where speed does not matter.
 *
 * @throws Error with the answer when it is not 2xx
 */
export async function call<T>(
  method: 'GET' | 'POST' | 'PATCH',
  url: string,
  options: { key?: string; headers?: Record<string, string>; body?: unknown } = {},
): Promise<T> {
  const { key, headers, body } = options;
  const answer = await request(url, {
    method,
    headers: {
      ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    body: body === undefined ? null : JSON.stringify(body),
  });
  const text = await answer.body.text();
  if (answer.statusCode < 200 || answer.statusCode > 299) {
    throw new Error(`${method} ${url} answered ${answer.statusCode}: ${text.slice(0, 500)}`);
  }
  return JSON.parse(text) as T;
}

/** Whether a URL answers 200 now. */
export async function answers(url: string): Promise<boolean> {
  try {
    const { statusCode, body } = await request(url, { headersTimeout: 2_000 });
    await body.dump();
    return statusCode === 200;
  } catch {
    return false;
  }
}
