import { sql } from 'kysely';
import type { Api, ApiDeps } from './deps.ts';
import { Problem } from './problem.ts';

/** A load balancer asks every few seconds and takes a slow answer for none. */
const DATABASE_MS = 2_000;

/** For machines that watch: without a key, and without anything that only its owner may know. */
export function healthRoutes(api: Api, { version, store, registry }: ApiDeps): void {
  api.get('/healthz', async () => ({ status: 'ok', version }));

  api.get('/readyz', async () => {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>(resolve => {
      timer = setTimeout(resolve, DATABASE_MS, 'late');
    });
    const answer = sql`select 1`.execute(store.db).then(
      () => 'ready' as const,
      () => 'refused' as const,
    );
    const outcome = await Promise.race([answer, late]);
    clearTimeout(timer);
    if (outcome !== 'ready') throw new Problem(503, 'The database does not answer.');
    return { status: 'ready' };
  });

  api.get('/metrics', async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  );
}
