import type { Lane } from './lane.ts';

/** A lane that may take `n` messages now. */
export interface Want {
  readonly lane: Lane;
  readonly workspace: string;
  readonly n: number;
}

/**
 * Shares out the requests that may still be made: evenly among workspaces, within one evenly among its lanes, and what one
 * does not want goes to the others. With a hundred numbers nobody keeps a tenant with one waiting.
 *
 * @param room how many requests
 * @param wants in the order in which a remainder is given out
 */
export function share(room: number, wants: readonly Want[]): Want[] {
  if (wants.reduce((sum, want) => sum + want.n, 0) <= room) return [...wants];
  const workspaces = Map.groupBy(wants, want => want.workspace);
  const totals = [...workspaces.values()].map(lanes => lanes.reduce((sum, want) => sum + want.n, 0));
  const parts = levels(room, totals);
  return [...workspaces.values()].flatMap((lanes, index) => {
    const given = levels(
      parts[index]!,
      lanes.map(want => want.n),
    );
    return lanes.map((want, at) => ({ ...want, n: given[at]! })).filter(want => want.n > 0);
  });
}

/** Max-min fair parts: nobody gets more than wanted, and nobody less than another who got more than he did. */
function levels(room: number, wanted: readonly number[]): number[] {
  const given = wanted.map(() => 0);
  let left = room;
  let open = wanted.map((_, index) => index);
  while (left > 0 && open.length > 0) {
    const each = Math.max(1, Math.floor(left / open.length));
    for (const index of open) {
      const more = Math.min(each, wanted[index]! - given[index]!, left);
      given[index]! += more;
      left -= more;
    }
    open = open.filter(index => given[index]! < wanted[index]!);
  }
  return given;
}
