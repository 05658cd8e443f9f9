import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** A process that cannot be taken for another: pids come round again, after a restart of a container at once. */
export interface ProcessIdentity {
  pid: number;
  /** When the process began, in the words of the system; only compared, never read. */
  started: string;
}

/** Where /proc hides the processes of others, a living process has this beginning, which fits every other. */
const HIDDEN = 'hidden';

const onLinux = process.platform === 'linux';

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid) ?? HIDDEN };
}

export function isAlive(identity: ProcessIdentity): boolean {
  const started = startOf(identity.pid);
  if (started === undefined) return false;
  return started === identity.started || started === HIDDEN || identity.started === HIDDEN;
}

/** When the process began; undefined when there is none, or only its zombie. */
export function startOf(pid: number): string | undefined {
  if (!takesSignals(pid)) return undefined;
  return onLinux ? startFromProc(pid) : startFromPs(pid);
}

/** The command line of a process; undefined when it cannot be seen. */
export function commandOf(pid: number): string | undefined {
  try {
    if (onLinux) return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    return ps(pid, 'command=');
  } catch {
    return undefined;
  }
}

function takesSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function startFromProc(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return takesSignals(pid) ? HIDDEN : undefined;
  }
  // proc(5): the second field is the name in brackets and may hold anything; the third is the state, the 22nd the start.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const state = fields[0];
  if (state === 'Z' || state === 'X') return undefined;
  return `${bootId()}/${fields[19]}`;
}

/** Start times count from the boot of the machine, so that two boots can give the same one. */
function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}

function startFromPs(pid: number): string | undefined {
  try {
    const [state = '', ...started] = ps(pid, 'stat=,lstart=').split(/\s+/);
    return state.startsWith('Z') ? undefined : started.join(' ');
  } catch {
    return takesSignals(pid) ? HIDDEN : undefined;
  }
}

function ps(pid: number, columns: string): string {
  const env = { ...process.env, LC_ALL: 'C' };
  return execFileSync('ps', ['-ww', '-o', columns, '-p', String(pid)], { encoding: 'utf8', env }).trim();
}
