import { parseArgs } from 'node:util';
import type { Explained } from './chaos/check.ts';
import { type ChaosResult, runChaos } from './chaos/run.ts';
import { TROUBLES, type Trouble } from './chaos/trouble.ts';
import { undoneOnSignal } from './ending.ts';
import { wholeNumber } from './options.ts';

const HELP = `npm run chaos -- [options]

Several gateways on one database take messages for many people while nodes and the database are killed with kill -9,
the network is cut and slowed, WhatsApp does not answer, answers wrongly or says it is too much, webhooks come twice and
in disorder, and clocks jump. Then it waits until everything has left, and compares what was promised with what reached
people: never, twice, out of order, faster than allowed. Ends with 1 when a promise was broken.

  --seconds N      how long (60)
  --rate N         messages per second that are accepted (100)
  --nodes N        gateways (3)
  --senders N      business numbers (4)
  --sender-rate N  messages per second that each number may send (80)
  --what LIST      what goes wrong: ${TROUBLES.join(',')} (all)
  --seed N         of everything that is random (printed, so that a run can be repeated)
`;

/** So many messages of a kind are explained in full. */
const EXPLAINED_MAX = 10;

/** Meta counts in windows of its own; ours slide, and requests are on their way for a moment. */
const RATE_TOLERANCE = 1.05;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string' },
    rate: { type: 'string' },
    nodes: { type: 'string' },
    senders: { type: 'string' },
    'sender-rate': { type: 'string' },
    what: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const seed = wholeNumber('--seed', values.seed, Math.floor(Math.random() * 1_000_000), 0);
const senderRate = wholeNumber('--sender-rate', values['sender-rate'], 80);
const nodes = wholeNumber('--nodes', values.nodes, 3);
const options = {
  nodes,
  senders: wholeNumber('--senders', values.senders, 4),
  senderRate,
  perSecond: wholeNumber('--rate', values.rate, 100),
  seconds: wholeNumber('--seconds', values.seconds, 60),
  troubles: troublesOf(values.what),
  seed,
  say: (line: string) => console.error(line),
};

const stack = undoneOnSignal();
try {
  const result = await runChaos(stack, options);
  print(result);
  process.exitCode = isBroken(result) ? 1 : 0;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
} finally {
  await stack.disposeAsync();
}

function troublesOf(list: string | undefined): readonly Trouble[] {
  if (list === undefined) return TROUBLES;
  const names = list === '' ? [] : list.split(',');
  const unknown = names.find(name => !TROUBLES.includes(name as Trouble));
  if (unknown !== undefined) {
    console.error(`--what takes ${TROUBLES.join(', ')}, separated by commas, not "${unknown}".`);
    process.exit(2);
  }
  return names as Trouble[];
}

function tooFast({ busiest }: ChaosResult): number {
  return [...busiest.values()].filter(most => most > senderRate * RATE_TOLERANCE).length;
}

function isBroken(result: ChaosResult): boolean {
  const { never, twice, outOfOrder, unknown, pairViolations, settled, reportsMissing } = result;
  const broken =
    never.length + twice.length + outOfOrder.length + unknown.length + pairViolations + reportsMissing;
  return broken + tooFast(result) > 0 || !settled;
}

function print(result: ChaosResult): void {
  const list = (counts: ReadonlyMap<string, number>): string =>
    [...counts].map(([name, times]) => `${name} ${times}×`).join(', ') || 'nothing';
  const rows: [string, string | number][] = [
    ['trouble', `${list(result.made)} (seed ${seed})`],
    ['nodes', `${nodes}, ${options.senders} numbers of ${senderRate}/s`],
    ['accepted', `${result.accepted} for ${result.people} people`],
    ['once', result.once],
    ['never', result.never.length],
    [
      'twice',
      `${result.twice.length}, and ${result.resent.length} sent again by the policy as nothing was heard of them`,
    ],
    ['unconfirmed', `${result.unconfirmed} given up while nobody knew whether they were taken`],
    ['unknown', `${result.unknown.length} reached people and were promised to nobody`],
    [
      'out of order',
      `${result.outOfOrder.length}, and ${result.passed.length} that others may pass: held, late or unconfirmed`,
    ],
    [
      'too fast',
      `${tooFast(result)} numbers (at most ${Math.max(0, ...result.busiest.values())} in any second), ${result.pairViolations} messages to one person`,
    ],
    ['refused', `by the network: ${list(result.refused)}`],
    ['reports', `${result.reportsMissing} missing, ${result.reportsRepeated} repeated`],
    ['time', `${result.seconds.toFixed(1)} s`],
  ];
  console.log(rows.map(([name, value]) => `${name.padEnd(14)}${value}`).join('\n'));
  if (!result.settled)
    console.log('\nNot everything was settled in the end: more may be sent, or sent again.');
  explain('never', result.never);
  explain('twice', result.twice);
  explain('sent again', result.resent);
  explain('out of order', result.outOfOrder);
}

function explain(what: string, messages: readonly Explained[]): void {
  for (const message of messages.slice(0, EXPLAINED_MAX)) {
    console.log(`\n${what}: ${message.id}, ${message.status}`);
    tell(message);
    if (message.passedBy === undefined) continue;
    console.log(`passed by: ${message.passedBy.id}, ${message.passedBy.status}`);
    tell(message.passedBy);
  }
  const others = messages.slice(EXPLAINED_MAX);
  if (others.length > 0) console.log(`\n${what}, ${others.length} more:`);
  for (const { id, status, sends } of others)
    console.log(`  ${id}  ${status}  sent at ${sends.map(send => send.at.slice(11)).join(', ')}`);
}

function tell({ sends, timeline }: Explained): void {
  for (const send of sends) console.log(`  network  ${send.at}  ${send.callback}  ${send.outcome}`);
  for (const { at, step, attempt, detail } of timeline) {
    const words = [at, step, attempt === undefined ? '' : `attempt ${attempt}`, detail ?? ''];
    console.log(`  gateway  ${words.filter(Boolean).join('  ')}`);
  }
}
