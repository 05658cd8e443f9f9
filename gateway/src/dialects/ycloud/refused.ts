import type { Failure } from '../../message/failure.ts';
import type { Refusal } from '../../problem.ts';
import { type Code, type Fault, refuseFailure, refuseFault } from './errors.ts';

/** Thrown by a resource to refuse a request; whoever mounts it answers. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super('refused');
    this.refusal = refusal;
  }
}

export function refused(fault: Fault): Refused {
  return new Refused(refuseFault(fault));
}

export function invalid(target: string | undefined, message: string, code: Code = 'PARAM_INVALID'): Refused {
  return refused({ status: 400, code, message, target });
}

/** Also what belongs to another workspace: nobody learns that it exists. */
export function notFound(what: string): Refused {
  return refused({ status: 404, code: 'NOT_FOUND', message: `${what} not found.` });
}

/** Meta said no, or nothing. */
export function refusedByMeta(failure: Failure): Refused {
  return new Refused(refuseFailure(failure));
}
