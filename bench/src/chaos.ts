import { parseArgs } from 'node:util';
import { type ChaosResult, runChaos } from './chaos-run.ts';
import { undoneOnSignal } from './ending.ts';
import { planKills, VICTIMS, type Victim } from './kills.ts';
import { wholeNumber } from './options.ts';
import { seeded } from './random.ts';

const HELP = `npm run chaos -- [options]

Accepts messages over HTTP while the gateway or its database is killed with kill -9 again and again, and compares what
was accepted with what reached the network. Ends with 1 when a message was lost.

  --messages N   messages to accept (20000)
  --kills N      kills, at random moments of the run (10)
  --what LIST    what is killed: gateway,database (both, in turn)
  --rate N       messages per second (500)
  --seed N       of the random moments (printed, so that a run can be repeated)
`;

/** So many messages that came twice are explained in full. */
const EXPLAINED_MAX = 10;

const { values } = parseArgs({
  options: {
    messages: { type: 'string' },
    kills: { type: 'string' },
    what: { type: 'string' },
    rate: { type: 'string' },
    seed: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const seed = wholeNumber('--seed', values.seed, Math.floor(Math.random() * 1_000_000), 0);
const messages = wholeNumber('--messages', values.messages, 20_000);
const count = wholeNumber('--kills', values.kills, 10, 0);
const perSecond = wholeNumber('--rate', values.rate, 500);
const kills = planKills(messages, count, victims(values.what), seeded(seed));

const stack = undoneOnSignal();
try {
  const result = await runChaos(stack, { messages, kills, perSecond, say: line => console.error(line) });
  print(result);
  process.exitCode = result.lost.length > 0 ? 1 : 0;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
} finally {
  await stack.disposeAsync();
}

function victims(list: string | undefined): Victim[] {
  const names = list?.split(',') ?? [...VICTIMS];
  for (const name of names) {
    if (!VICTIMS.includes(name as Victim)) {
      console.error(`--what takes ${VICTIMS.join(' and ')}, separated by a comma, not "${name}".`);
      process.exit(2);
    }
  }
  return names as Victim[];
}

function print(result: ChaosResult): void {
  const times = (victim: Victim): number => kills.filter(kill => kill.victim === victim).length;
  const refused = [...result.refusedByNetwork].map(([outcome, count]) => `${outcome} ${count}×`).join(', ');
  const rows: [string, string | number][] = [
    ['kills', `gateway ${times('gateway')}, database ${times('database')} (seed ${seed})`],
    ['senders', `${result.senders}, ${result.recipients} recipients, each written to at most once`],
    ['accepted', result.accepted],
    ['in doubt', `${result.inDoubt} (no answer or 5xx), of which sent ${result.inDoubtSent}`],
    ['sent', result.sent],
    ['lost', result.lost.length],
    ['twice', result.twice.length],
    ['reports', `${result.reportsMissing} missing, ${result.reportsRepeated} repeated`],
    ['refused', refused === '' ? 'nothing by the network' : `by the network: ${refused}`],
    ['time', `${result.seconds.toFixed(1)} s`],
  ];
  console.log(rows.map(([name, value]) => `${name.padEnd(10)}${value}`).join('\n'));
  if (!result.settled)
    console.log('\nNot everything was settled in the end: more may be sent, or sent again.');
  for (const id of result.lost.slice(0, EXPLAINED_MAX)) console.log(`\nlost: ${id}`);
  for (const { to, sends, timeline } of result.twice.slice(0, EXPLAINED_MAX)) {
    console.log(`\ntwice: ${to}`);
    for (const send of sends) console.log(`  network  ${send.at}  ${send.callback}  ${send.outcome}`);
    for (const line of timeline) console.log(`  gateway  ${line}`);
  }
}
