import { accessBy } from '../access.ts';
import { refuse } from './errors.ts';

export { answer } from '../access.ts';
export const { guard, principalOf, requires, refuseOthers, answerProblem } = accessBy(refuse);
