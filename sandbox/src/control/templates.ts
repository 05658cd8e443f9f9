import type { FastifyInstance, FastifyRequest } from 'fastify';
import { isFields } from '../checks.ts';
import { GraphError } from '../graph/errors.ts';
import { templateNode } from '../graph/templates.ts';
import type { Network } from '../parts.ts';
import { readCreation } from '../templates/creation.ts';
import { CATEGORIES, QUALITIES, REASONS, STATUSES, type Template } from '../templates/template.ts';
import { Problem } from './problem.ts';

type Request = FastifyRequest<{ Params: { id: string }; Querystring: { waba_id?: string }; Body: unknown }>;

/** Every field of a template that somebody who looks from outside may want. */
const SHOWN =
  'name,language,status,category,previous_category,components,parameter_format,quality_score,rejected_reason';

/** Templates as a reviewer at Meta would handle them. */
export function templateControls(server: FastifyInstance, network: Network): void {
  const { senders, templates } = network;

  server.get('/templates', (request: Request) => {
    const { waba_id } = request.query;
    const accounts = waba_id === undefined ? senders.accounts().map(({ wabaId }) => wabaId) : [waba_id];
    return { data: accounts.flatMap(wabaId => templates.ofAccount(wabaId)).map(shown) };
  });

  server.post('/templates', (request: Request, reply) => {
    const body = isFields(request.body) ? request.body : {};
    const template = asProblem(() =>
      templates.put(
        accountNamed(body.waba_id, network),
        readCreation(body, () => true),
      ),
    );
    return reply.code(201).send(shown(template));
  });

  server.post('/templates/:id', (request: Request) => {
    const template = templates.byId(request.params.id);
    if (template === undefined) throw new Problem(404, `There is no template ${request.params.id}.`);
    decide(template, isFields(request.body) ? request.body : {}, network);
    return shown(template);
  });
}

function shown(template: Template): Record<string, unknown> {
  return { ...templateNode(template, SHOWN), waba_id: template.wabaId, pacing: template.pacing };
}

function decide(template: Template, body: Record<string, unknown>, { templates }: Network): void {
  const { status, quality, reason, category, ...others } = body;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) {
    throw new Problem(400, `"${unknown}" is not one of status, quality, reason and category.`);
  }
  const next = oneOf('status', status, STATUSES);
  const why = oneOf('reason', reason, REASONS);
  const score = oneOf('quality', quality, QUALITIES);
  const kind = oneOf('category', category, CATEGORIES);
  if (next !== undefined) templates.decide(template, next, why);
  if (score !== undefined) templates.rate(template, score);
  if (kind !== undefined) templates.recategorize(template, kind);
}

function oneOf<T extends string>(name: string, value: unknown, known: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = known.find(one => one === value);
  if (found === undefined) throw new Problem(400, `"${name}" must be one of ${known.join(', ')}.`);
  return found;
}

/** The named account, or the only one. */
function accountNamed(wabaId: unknown, { senders }: Network): string {
  const all = senders.accounts();
  if (wabaId === undefined && all.length === 1) return all[0]!.wabaId;
  const account = typeof wabaId === 'string' ? senders.account(wabaId) : undefined;
  if (account === undefined) throw new Problem(400, '"waba_id" must name an account: POST /sandbox/senders.');
  return account.wabaId;
}

/** The rules are Meta's, the answer is in the form of the controls. */
function asProblem<T>(make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof GraphError)) throw error;
    const { user, message } = error.refusal;
    throw new Problem(400, user?.message ?? message ?? error.message);
  }
}
