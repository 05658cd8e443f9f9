/** A recorded body that is written again and again with another message's id. */
export type Template = (id: string) => string;

/** @param id that stands in the recorded text; the new one must be as long for the sizes to stay */
export function template(recorded: string, id: string): Template {
  const parts = recorded.split(id);
  return other => parts.join(other);
}
