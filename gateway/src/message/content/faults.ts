/** What is wrong with one value; a dialect turns it into its own code. */
export type FaultKind =
  /** A field that must be there is not; the pointer names it, or the object that lacks one of two. */
  | 'missing'
  /** A number where text belongs, a list where an object belongs. */
  | 'type'
  /** None of the words that are taken here. */
  | 'enum'
  /** Text that is too short or too long. */
  | 'length'
  /** A number outside its bounds. */
  | 'range'
  /** A list with too few or too many entries. */
  | 'count'
  /** Two fields of which only one may be given. */
  | 'exclusive'
  /** An id or title that must be unique and is not. */
  | 'duplicate'
  /** Text of a wrong form: characters, a date, an address. */
  | 'pattern'
  /** A field, or a value, that this kind of message does not have. */
  | 'unsupported'
  /** What UTF-8 or PostgreSQL cannot carry: a NUL, a lone surrogate. */
  | 'text'
  /** Nesting without end. */
  | 'depth';

export interface ContentFault {
  /** RFC 6901, into the content object. */
  readonly pointer: string;
  readonly fault: FaultKind;
  /** What is said of the value, without subject and full stop: `has 25 characters; at most 20 are taken`. */
  readonly message: string;
}

/** A caller sees everything that is wrong at once, but a hostile content is not answered with a million entries. */
export const CONTENT_FAULTS_MAX = 32;
