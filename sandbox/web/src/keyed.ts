/** Each item with its place, which names it in a list that never changes and may say the same thing twice. */
export function keyed<T>(items: readonly T[]): { key: number; item: T }[] {
  return items.map((item, key) => ({ key, item }));
}
