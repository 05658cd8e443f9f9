import type { Failure } from '../../message/failure.ts';
import type { Refusal } from '../../problem.ts';
import { type Code, type Fault, refuseFailure, refuseFaults } from './errors.ts';

/** Thrown by a resource to refuse a request; whoever mounts it answers. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super('refused');
    this.refusal = refusal;
  }
}

export function refused(status: number, ...faults: readonly Fault[]): Refused {
  return new Refused(refuseFaults(status, faults));
}

export function invalid(...faults: readonly Fault[]): Refused {
  return refused(422, ...faults);
}

/** Also what belongs to another workspace: nobody learns that it exists. */
export function notFound(what: string): Refused {
  return refused(404, { code: '10005', detail: `You have no ${what}.` });
}

/** Meta said no, or nothing. */
export function refusedByMeta(failure: Failure, code: Code = '41000'): Refused {
  return new Refused(refuseFailure(failure, code));
}
