import type { FastifyInstance } from 'fastify';
import type { Directory } from '../accounts/directory.ts';
import type { Secrets } from '../accounts/secrets.ts';
import type { Credentials } from '../carriers/whatsapp/client.ts';
import type { Media } from '../media/media.ts';
import type { EventName } from '../message/event.ts';
import type { Failure } from '../message/failure.ts';
import type { DialectName, Message, Outbound } from '../message/message.ts';
import type { Acceptance, Render } from '../outbox/accept.ts';
import type { Cancellation } from '../outbox/cancel.ts';
import type { DirectOutcome } from '../outbox/direct.ts';
import type { Mark, Repeats } from '../outbox/repeats.ts';
import type { HttpProblem, Refusal } from '../problem.ts';
import type { Consents } from '../recipients/consents.ts';
import type { Contacts } from '../recipients/contacts.ts';
import type { Window } from '../recipients/windows.ts';
import type { ReportEncoder } from '../reports/encoder.ts';
import type { Clock } from '../store/clock.ts';
import type { Store } from '../store/store.ts';
import type { TemplateDesk } from '../templates/manage.ts';
import type { Templates } from '../templates/templates.ts';

/** One request to the Graph API: `path` from behind the version, with its query. */
export type Graph = (
  credentials: Credentials,
  method: 'GET' | 'POST' | 'DELETE',
  path: string,
  body?: Readonly<Record<string, unknown>>,
) => Promise<
  | { readonly kind: 'answered'; readonly body: unknown }
  | { readonly kind: 'failed'; readonly failure: Failure }
>;

/** What a dialect may call of the floors below; `gateway.ts` passes it in. */
export interface Below {
  readonly directory: Directory;
  /**
   * Stores the messages; resolves when they are on disk. What WhatsApp would not take is refused and not stored.
   *
   * @param mark from `once`
   * @param render the answer of the route to what is accepted
   * @throws Overloaded when too much waits for a commit, or the database did not answer within 5 s
   */
  readonly accept: (messages: readonly Outbound[], mark: Mark, render: Render) => Promise<Acceptance[]>;
  /** Waits for what WhatsApp says of a `direct` message; at the deadline one that has not left is cancelled. */
  readonly waitFor: (
    message: { readonly id: string; readonly sender: string },
    deadlineMs: number,
  ) => Promise<DirectOutcome>;
  readonly consents: Consents;
  readonly contacts: Contacts;
  readonly repeats: Repeats;
  /** A message of this workspace, or undefined. */
  readonly findMessage: (workspaceId: string, id: string) => Promise<Message | undefined>;
  /** Takes a message of this workspace back that was not sent yet; undefined when there is none. */
  readonly cancel: (workspaceId: string, id: string) => Promise<Cancellation | undefined>;
  /** The window of somebody with one of the workspace's numbers. */
  readonly windowOf: (workspaceId: string, senderId: string, recipient: string) => Promise<Window>;
  readonly templates: Templates;
  readonly templateDesk: TemplateDesk;
  readonly media: Media;
  /** A link to the file of an inbound message; undefined when it has none. */
  readonly mediaUrlOf: (message: Message) => string | undefined;
  readonly store: Store;
  readonly clock: Clock;
  readonly secrets: Secrets;
  /** Asks Meta in a number's name; never throws. */
  readonly graph: Graph;
  /** Takes the lanes of new numbers at once. */
  readonly sendersChanged: () => Promise<void>;
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
  /** Pauses between attempts at one URL, where the vendor says what they are; one attempt more than pauses. */
  readonly reportScheduleMs?: readonly number[];
  /** How long a receiver may take to answer, where the vendor says so. */
  readonly reportTimeoutMs?: number;
  /** Reports to an endpoint are signed with a secret of its own: one is made where none is given. */
  readonly signsWithSecret?: boolean;
}
