/** A request of the controls that cannot be done, with a sentence that says why. */
export class Problem extends Error {
  readonly status: number;

  constructor(status: 400 | 404 | 409 | 413, detail: string) {
    super(detail);
    this.status = status;
  }
}

const TITLES: Record<number, string> = {
  400: 'Bad request',
  404: 'Not found',
  409: 'Conflict',
  413: 'Too large',
};

export function problemBody(
  status: number,
  detail: string,
): { title: string; status: number; detail: string } {
  return { title: TITLES[status] ?? (status < 500 ? 'Bad request' : 'Internal error'), status, detail };
}
