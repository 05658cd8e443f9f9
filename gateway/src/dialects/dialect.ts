import type { FastifyInstance } from 'fastify';
import type { Directory } from '../accounts/directory.ts';
import type { EventName } from '../message/event.ts';
import type { DialectName, Message, Outbound } from '../message/message.ts';
import type { Accepted } from '../outbox/accept.ts';
import type { HttpProblem, Refusal } from '../problem.ts';
import type { ReportEncoder } from '../reports/encoder.ts';

/** What a dialect may call of the floors below; `gateway.ts` passes it in. */
export interface Below {
  readonly directory: Directory;
  /**
   * Stores the messages; resolves when they are on disk.
   *
   * @throws Overloaded when too much waits for a commit, or the database did not answer within 5 s
   */
  readonly accept: (messages: readonly Outbound[]) => Promise<Accepted[]>;
  /** A message of this workspace, or undefined. */
  readonly findMessage: (workspaceId: string, id: string) => Promise<Message | undefined>;
  /** Why an address may not be fetched, one sentence; undefined when its shape is fine. */
  readonly checkUrl: (url: string) => string | undefined;
}

/** One vendor's HTTP API. A fifth is a new folder and one line in `gateway.ts`. */
export interface Dialect {
  readonly name: DialectName;
  /** Mounts the vendor's own paths at the root. */
  readonly routes: (app: FastifyInstance, below: Below) => void;
  /** A refusal in the vendor's shape, for what no route of its own answers: unknown path, broken JSON, too large. */
  readonly refuse: (problem: HttpProblem) => Refusal;
  readonly encode: ReportEncoder;
  /** The events that a message's own URL gets. */
  readonly events: readonly EventName[];
  /** The vendor's event names with the events that each stands for; endpoints subscribe by these names. */
  readonly eventNames: Readonly<Record<string, readonly EventName[]>>;
}
