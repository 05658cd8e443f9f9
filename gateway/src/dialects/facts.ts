import type { Sender } from '../accounts/directory.ts';
import { keepFacts, type MetaFacts, readFacts } from '../accounts/meta-facts.ts';
import type { Below } from './dialect.ts';

/** What was read so lately is not read again. */
const FRESH_MS = 60_000;

/** Whoever asks about a number gets what is known when Meta takes longer than this. */
const PATIENCE_MS = 3_000;

/** A list asks about so many at most; the rest is asked about when it is looked at. */
const ASKED_AT_ONCE_MAX = 20;

/** A node of Meta's, and the number in whose name it is read. */
export interface Node {
  readonly metaId: string;
  readonly speaker: Sender | undefined;
}

/** A number of the account in whose name Meta can be asked; its token is good for the account. */
export function speakerOf({ directory }: Below, workspaceId: string, wabaId: string): Sender | undefined {
  return directory.sendersOfWaba(wabaId).find(sender => sender.workspaceId === workspaceId);
}

export type Facts = Readonly<Record<string, unknown>>;

/** Fields by preference: Meta refuses a request whole when it has not one of the fields. */
export type FieldSets = readonly [string, string];

/** What Meta says of one number or account now, or said last. */
export async function freshFacts(
  below: Below,
  workspaceId: string,
  node: Node,
  fields: FieldSets,
): Promise<Facts> {
  const known = (await readFacts(below.store, workspaceId, [node.metaId])).get(node.metaId);
  if (known !== undefined && below.clock.now().getTime() - known.readAt.getTime() < FRESH_MS)
    return known.facts;
  return (await asked(below, workspaceId, node, fields)) ?? known?.facts ?? {};
}

/** What is known of several; those that were never asked about are asked about, some of them. */
export async function knownFacts(
  below: Below,
  workspaceId: string,
  nodes: readonly Node[],
  fields: FieldSets,
): Promise<ReadonlyMap<string, Facts>> {
  const known = await readFacts(
    below.store,
    workspaceId,
    nodes.map(node => node.metaId),
  );
  const facts = new Map<string, Facts>([...known].map(([id, { facts }]) => [id, facts]));
  const unknown = nodes.filter(node => !known.has(node.metaId)).slice(0, ASKED_AT_ONCE_MAX);
  await Promise.all(
    unknown.map(async node => {
      const answer = await asked(below, workspaceId, node, fields);
      if (answer !== undefined) facts.set(node.metaId, answer);
    }),
  );
  return facts;
}

export function textOf(facts: Facts | undefined, name: string): string | undefined {
  const value = facts?.[name];
  return typeof value === 'string' ? value : undefined;
}

/** Undefined when Meta says nothing in time; what it says later is kept for the next. */
async function asked(
  below: Below,
  workspaceId: string,
  node: Node,
  fields: FieldSets,
): Promise<Facts | undefined> {
  const { speaker, metaId } = node;
  if (speaker === undefined) return undefined;
  const reading = read(below, speaker, metaId, fields).then(async facts => {
    if (facts === undefined) return undefined;
    const kept: MetaFacts = { facts, readAt: below.clock.now() };
    await keepFacts(below.store, workspaceId, metaId, kept);
    return facts;
  });
  // Nobody may wait for it any more when it fails.
  reading.catch(() => {});
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(resolve, PATIENCE_MS, undefined);
  });
  return Promise.race([reading, late]).finally(() => clearTimeout(timer));
}

async function read(
  below: Below,
  speaker: Sender,
  metaId: string,
  [wanted, certain]: FieldSets,
): Promise<Facts | undefined> {
  for (const fields of [wanted, certain]) {
    const answer = await below.graph(speaker, 'GET', `/${encodeURIComponent(metaId)}?fields=${fields}`);
    if (answer.kind === 'answered')
      return typeof answer.body === 'object' && answer.body !== null ? (answer.body as Facts) : undefined;
    // Meta: (#100) Tried accessing nonexisting field.
    if (answer.failure.code !== '100') return undefined;
  }
  return undefined;
}
