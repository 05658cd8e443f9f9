/** Whether a text has more than `max` characters: code points, so that an emoji is one. */
export function isLonger(text: string, max: number): boolean {
  // Only a text near the limit is worth the count.
  return text.length > max && [...text].length > max;
}
