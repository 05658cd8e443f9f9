import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isFields } from '../checks.ts';
import type { Network } from '../parts.ts';
import { readBehaviour } from '../receivers/behaviour.ts';
import { briefOf, wholeOf } from '../receivers/delivery.ts';
import { readKeys, shownKeys } from '../receivers/keys.ts';
import { isReceiverName, NAME_RULE } from '../receivers/name.ts';
import type { Receiver } from '../receivers/receivers.ts';
import { count } from './count.ts';
import { Problem } from './problem.ts';

const LIMIT = 100;
const LIMIT_MAX = 500;

type Request = FastifyRequest<{ Params: { name: string; id: string } }>;
type ListRequest = FastifyRequest<{
  Params: { name: string };
  Querystring: { before?: string; limit?: string; brief?: string };
}>;

/** Receivers of webhooks: what came, and how they are to answer. */
export function receiverControls(server: FastifyInstance, { receivers }: Network): void {
  const named = (name: string): Receiver => {
    const receiver = receivers.get(name);
    if (receiver === undefined) {
      throw new Problem(404, `There is no receiver "${name}" yet: the first request to it makes it.`);
    }
    return receiver;
  };
  const shown = (receiver: Receiver) => ({
    name: receiver.name,
    url: `${server.listeningOrigin}/receiver/${receiver.name}`,
    ...receiver.counts,
    behaviour: receiver.conduct.behaviour,
    keys: shownKeys(receiver.keys),
  });

  server.get('/receivers', () => ({ data: receivers.all().map(shown) }));

  server.get('/receivers/:name', (request: Request) => shown(named(request.params.name)));

  server.patch('/receivers/:name', (request: Request, reply) => {
    const { name } = request.params;
    if (!isReceiverName(name)) throw new Problem(400, NAME_RULE);
    if (!isFields(request.body)) throw new Problem(400, 'The body must be a JSON object.');
    const { behaviour, keys, ...others } = request.body;
    const [unknown] = Object.keys(others);
    if (unknown !== undefined) {
      throw new Problem(400, `A receiver has "behaviour" and "keys", no "${unknown}".`);
    }
    const conduct = behaviour === undefined ? undefined : readBehaviour(behaviour);
    if (typeof conduct === 'string') throw new Problem(400, conduct);
    const given = keys === undefined ? {} : readKeys(keys);
    if (typeof given === 'string') throw new Problem(400, given);
    const isNew = receivers.get(name) === undefined;
    const receiver = receivers.open(name);
    receivers.change(receiver, conduct, given);
    return reply.code(isNew ? 201 : 200).send(shown(receiver));
  });

  server.get('/receivers/:name/deliveries', (request: ListRequest) => {
    const deliveries = receivers.get(request.params.name)?.deliveries ?? [];
    const { before, limit, brief } = request.query;
    const most = Math.min(count('limit', limit, LIMIT, 1), LIMIT_MAX);
    const from = count('before', before, Number.MAX_SAFE_INTEGER, 0);
    const older = deliveries.filter(({ id }) => id < from);
    const page = older.slice(-most).reverse();
    return {
      data: page.map(brief === 'true' ? briefOf : wholeOf),
      next: older.length > page.length ? (page.at(-1)?.id ?? null) : null,
    };
  });

  server.get('/receivers/:name/deliveries/:id', (request: Request) => {
    const { name, id } = request.params;
    const delivery = named(name).deliveries.find(each => String(each.id) === id);
    if (delivery === undefined) {
      throw new Problem(404, `The receiver "${name}" has no delivery ${id}, or no longer.`);
    }
    return wholeOf(delivery);
  });

  server.delete('/receivers/:name/deliveries', (request: Request, reply) => {
    receivers.empty(named(request.params.name));
    return reply.code(204).send();
  });
}
