import { GraphError } from './errors.ts';

/** The asked fields and always the id; a field that the node has not is refused as Meta does. */
export function pick(
  type: string,
  all: Record<string, unknown>,
  fields: string | undefined,
  defaults: string,
): Record<string, unknown> {
  const node: Record<string, unknown> = {};
  for (const name of (fields || defaults).split(',').map(field => field.trim())) {
    if (!Object.hasOwn(all, name)) {
      const message = `(#100) Tried accessing nonexisting field (${name}) on node type (${type})`;
      throw new GraphError({ code: 100, message });
    }
    if (all[name] !== undefined) node[name] = all[name];
  }
  node.id = all.id;
  return node;
}
