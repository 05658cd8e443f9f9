/** Longer texts are computed each time: what strangers send must not fill the memory. */
const TEXT_MAX = 2_048;

/**
 * A function of a text whose results are kept, for texts that come again and again, like the address that a caller names
 * with each of his messages. When there are too many it forgets all of them, and goes on.
 *
 * @param of depends on nothing but the text
 */
export function remembered<Result>(of: (text: string) => Result, most = 1_000): (text: string) => Result {
  const known = new Map<string, Result>();
  return text => {
    const before = known.get(text);
    if (before !== undefined) return before;
    const result = of(text);
    if (text.length > TEXT_MAX) return result;
    if (known.size >= most) known.clear();
    known.set(text, result);
    return result;
  };
}
