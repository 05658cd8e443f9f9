import { readdirSync, readFileSync } from 'node:fs';

/** Who used how much of the processors: 1 is one core, all the time. */
export type Cores = Readonly<Record<string, number>>;

/** Linux counts in hundredths of a second for programs, whatever the kernel does inside. */
const TICKS_PER_SECOND = 100;

/** What takes part in a measure. */
export interface Parts {
  /** name → process id; 0 stands for this process */
  readonly programs: Readonly<Record<string, number>>;
  /** The server's first process: its sessions are its children. */
  readonly postmaster?: number | undefined;
}

/**
 * Starts counting processor time; call the result to stop. Elsewhere than on Linux only this process is counted.
 */
export function countCores(parts: Parts): () => Cores {
  const began = performance.now();
  const busyBefore = machineSeconds();
  const before = secondsOf(parts);
  return () => {
    const seconds = (performance.now() - began) / 1000;
    const after = secondsOf(parts);
    const busyAfter = machineSeconds();
    const cores: Record<string, number> = {};
    let ours = 0;
    for (const [name, used] of Object.entries(after)) {
      const own = used - (before[name] ?? 0);
      cores[name] = own / seconds;
      ours += own;
    }
    if (busyBefore !== undefined && busyAfter !== undefined) {
      cores.others = Math.max(0, (busyAfter - busyBefore - ours) / seconds);
    }
    return cores;
  };
}

/** What everything on this machine has used, and what its host took away: a busy machine gives poor figures. */
function machineSeconds(): number | undefined {
  if (process.platform !== 'linux') return undefined;
  // cpu  user nice system idle iowait irq softirq steal …
  const fields = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!.trim().split(/\s+/).map(Number);
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields.slice(1);
  return (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND;
}

function secondsOf({ programs, postmaster }: Parts): Record<string, number> {
  const seconds: Record<string, number> = {};
  for (const [name, pid] of Object.entries(programs)) {
    if (pid === 0) {
      const { user, system } = process.cpuUsage();
      seconds[name] = (user + system) / 1e6;
    } else if (process.platform === 'linux') seconds[name] = stat(pid)?.own ?? 0;
  }
  if (postmaster !== undefined && process.platform === 'linux') seconds.database = familySeconds(postmaster);
  return seconds;
}

/** Of a server, its sessions, and the sessions that have ended. */
function familySeconds(postmaster: number): number {
  const father = stat(postmaster);
  let seconds = father === undefined ? 0 : father.own + father.endedChildren;
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const child = stat(Number(name));
    if (child?.parent === postmaster) seconds += child.own;
  }
  return seconds;
}

function stat(pid: number): { parent: number; own: number; endedChildren: number } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The name in brackets may hold anything; fields are counted after it: state, ppid, … utime, stime, cutime, cstime.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [utime = 0, stime = 0, cutime = 0, cstime = 0] = fields.slice(11, 15);
  return {
    parent: fields[1] ?? 0,
    own: (utime + stime) / TICKS_PER_SECOND,
    endedChildren: (cutime + cstime) / TICKS_PER_SECOND,
  };
}
