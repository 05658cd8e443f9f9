import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isFields } from '../checks.ts';
import type { Fault } from '../faults.ts';
import type { Network } from '../parts.ts';
import { changeSettings } from '../settings.ts';
import { count } from './count.ts';
import { Problem } from './problem.ts';

const LEDGER_LIMIT = 1000;
const LEDGER_LIMIT_MAX = 100_000;

type LedgerRequest = FastifyRequest<{ Querystring: { after?: string; limit?: string; callback?: string } }>;

/** Settings, ledger, faults and clock. */
export function machineryRoutes(server: FastifyInstance, network: Network): void {
  const { settings, ledger, faults, clock } = network;

  server.get('/settings', () => settings);

  server.patch('/settings', (request: FastifyRequest) => {
    const wrong = changeSettings(settings, request.body);
    if (wrong !== undefined) throw new Problem(400, wrong);
    return settings;
  });

  server.get('/ledger', (request: LedgerRequest) => {
    const { after, limit, callback } = request.query;
    const rows = count('limit', limit, LEDGER_LIMIT, 1);
    return ledger.read(count('after', after, 0, 0), Math.min(rows, LEDGER_LIMIT_MAX), callback);
  });

  server.get('/faults', () => ({ data: faults.all().map(faultBody) }));

  server.post('/faults', (request: FastifyRequest, reply) => {
    const fault = faults.add(request.body);
    if (typeof fault === 'string') throw new Problem(400, fault);
    return reply.code(201).send(faultBody(fault));
  });

  server.delete('/faults', (_, reply) => {
    faults.clear();
    return reply.code(204).send();
  });

  server.post('/clock', (request: FastifyRequest) => {
    const ms = isFields(request.body) ? request.body.advance_ms : undefined;
    if (typeof ms !== 'number' || !Number.isFinite(ms) || ms < 0) {
      throw new Problem(
        400,
        '"advance_ms" must be a number of milliseconds, 0 or more: time does not go back.',
      );
    }
    clock.advance(ms);
    return { now: new Date(clock.now()).toISOString() };
  });
}

function faultBody({ id, match, kind, code, times }: Fault): Record<string, unknown> {
  return { id, match, kind, ...((kind === 'refuse' || kind === 'fail') && { code }), times };
}
