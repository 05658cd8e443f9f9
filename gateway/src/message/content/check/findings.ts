import { CONTENT_FAULTS_MAX, type ContentFault, type FaultKind } from '../faults.ts';

type Key = string | number;

/** The faults found so far, and where the walk through the content stands. */
export class Findings {
  readonly faults: ContentFault[] = [];
  readonly #path: Key[] = [];

  /** Nothing more is written down: a walk may end. */
  get full(): boolean {
    return this.faults.length >= CONTENT_FAULTS_MAX;
  }

  enter(key: Key): void {
    this.#path.push(key);
  }

  leave(): void {
    this.#path.pop();
  }

  /** Notes a fault of the value where the walk stands, or of one below it. */
  add(fault: FaultKind, message: string, ...below: readonly Key[]): void {
    if (this.full) return;
    const pointer = [...this.#path, ...below].map(key => `/${escaped(key)}`).join('');
    this.faults.push({ pointer, fault, message });
  }
}

/** RFC 6901 §3 */
function escaped(key: Key): string {
  return typeof key === 'number' ? `${key}` : key.replaceAll('~', '~0').replaceAll('/', '~1');
}
