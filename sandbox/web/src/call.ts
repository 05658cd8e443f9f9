/** Thrown for every answer but 2xx; the message is the server's own sentence where it gave one. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Asks the sandbox's controls. A `FormData` goes as a form, anything else as JSON. */
export async function call<T>(path: string, init?: { method: string; body: unknown }): Promise<T> {
  const form = init?.body instanceof FormData ? init.body : undefined;
  const response = await fetch(`/sandbox${path}`, {
    method: init?.method ?? 'GET',
    headers: init && !form ? { 'content-type': 'application/json' } : {},
    body: form ?? (init ? JSON.stringify(init.body) : undefined),
  });
  const text = await response.text();
  if (!response.ok) throw new Refused(response.status, sentence(text, response.status));
  return (text === '' ? undefined : JSON.parse(text)) as T;
}

/** The readable part of a refusal: problem+json's detail, Meta's error message, or the bare status. */
function sentence(body: string, status: number): string {
  try {
    const parsed = JSON.parse(body) as {
      detail?: unknown;
      title?: unknown;
      message?: unknown;
      error?: { message?: unknown };
    };
    for (const text of [parsed.detail, parsed.error?.message, parsed.message, parsed.title]) {
      if (typeof text === 'string' && text !== '') return text;
    }
  } catch {
    // Not JSON: a proxy's page, or nothing. The status alone says more than its markup.
  }
  return `The sandbox answered ${status}.`;
}
