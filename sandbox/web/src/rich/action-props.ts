import type { Action } from './rich.ts';

export interface ActionProps<Kind extends Action['kind']> {
  action: Extract<Action, { kind: Kind }>;
  wamid: string;
  choices: readonly string[];
  /** Called when what was chosen is on its way. */
  onSent: () => void;
}
