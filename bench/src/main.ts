import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Measured, measureAccept } from './accept.ts';
import { measureBacklog } from './backlog.ts';
import { undoneOnSignal } from './ending.ts';
import { measureLimit } from './limits.ts';
import type { Machine } from './machine.ts';
import { measureNodes } from './nodes.ts';
import { wholeNumber } from './options.ts';
import { measurePipeline } from './pipeline.ts';
import { measureRestart, measureStuck } from './reports.ts';
import { table } from './table.ts';

const HELP = `npm run bench -- [options]

Measures how fast messages are accepted and how fast they go all the way, each beside its bare ceiling: the same HTTP
exchanges between the same processes, with no storage and no rules. Then how much of its limit a number uses whose queue
is full, what a million waiting messages cost, and what endpoints that hang and fail do to the others.

  --quick        shorter, and one run of each
  --only LIST    accept,pipeline,nodes,limits,backlog,reports (all)
  --runs N       runs of each measure; the table shows the median (3)
  --senders N    business numbers to send from, 1,000 messages/s each (16)
  --json FILE    also writes the figures to a file
`;

const WHAT = ['accept', 'pipeline', 'nodes', 'limits', 'backlog', 'reports'];

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean' },
    only: { type: 'string' },
    runs: { type: 'string' },
    senders: { type: 'string' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  console.log(HELP);
  process.exit(0);
}
const only = values.only?.split(',') ?? WHAT;
const unknown = only.find(name => !WHAT.includes(name));
if (unknown !== undefined) {
  console.error(`--only takes ${WHAT.join(', ')}, separated by commas, not "${unknown}".`);
  process.exit(2);
}
const runs = wholeNumber('--runs', values.runs, values.quick ? 1 : 3);
const senders = wholeNumber('--senders', values.senders, 16);
const say = (line: string): void => console.error(line);

const whole = undoneOnSignal();
try {
  const measured: Measured[] = [];
  if (only.includes('accept')) {
    const ms = values.quick ? 3_000 : 10_000;
    for (const dispatch of [false, true]) {
      measured.push(await alone(stack => measureAccept(stack, { dispatch, runs, ms, senders, say })));
    }
  }
  if (only.includes('pipeline')) {
    const messages = values.quick ? 4_000 : 20_000;
    const seconds = values.quick ? 10 : 60;
    measured.push(await alone(stack => measurePipeline(stack, { runs, messages, seconds, senders, say })));
  }
  if (only.includes('nodes')) {
    const messages = values.quick ? 4_000 : 20_000;
    measured.push(await alone(stack => measureNodes(stack, { nodes: 2, messages, senders, say })));
  }
  if (only.includes('limits')) {
    for (const rate of [80, 1_000]) {
      const seconds = values.quick ? 10 : 60;
      measured.push(await alone(stack => measureLimit(stack, { rate, seconds, say })));
    }
  }
  if (only.includes('backlog')) {
    const options = { messages: values.quick ? 100_000 : 1_000_000, seconds: values.quick ? 10 : 30, say };
    measured.push(await alone(stack => measureBacklog(stack, options)));
  }
  if (only.includes('reports')) {
    const messages = values.quick ? 40 : 200;
    for (const perSecond of [20, undefined])
      measured.push(await alone(stack => measureStuck(stack, { messages, perSecond, say })));
    const restarted = values.quick ? 1_000 : 6_667;
    measured.push(await alone(stack => measureRestart(stack, { messages: restarted, say })));
  }
  print(measured);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(measured, null, 2)}\n`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await whole.disposeAsync();
}

/** Each measure begins with nothing running and leaves nothing behind for the next. */
async function alone<T>(work: (stack: AsyncDisposableStack) => Promise<T>): Promise<T> {
  const stack = whole.use(new AsyncDisposableStack());
  try {
    return await work(stack);
  } finally {
    await stack.disposeAsync();
  }
}

function print(measured: readonly Measured[]): void {
  const rows = measured.flatMap(({ rows }) => rows);
  console.log(`\n${table(rows)}\n`);
  console.log(
    'reports: missing / repeated. The columns after it: cores used by the load (client and receiver), the gateway, the\n' +
      'network, the database, and by whatever else ran on this machine: the figures are good when that is near 0.',
  );
  for (const { note } of measured) console.log(note);
  console.log(machineLine(measured[0]!.machine));
}

function machineLine(machine: Machine): string {
  const { cores, processor, memoryGb, node, postgres, fsyncMs } = machine;
  return `machine: ${cores} cores (${processor}), ${memoryGb} GB, Node ${node}, PostgreSQL ${postgres}, fsync ${fsyncMs.toFixed(2)} ms`;
}
