import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/**
 * A process by pid and start. A pid alone is used again by the next program: a signal sent by an old pid file must
 * never reach a stranger.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Boot of the machine and clock ticks since then; opaque. */
  readonly startedAt: string;
}

/** @returns undefined when no such process lives; a zombie does not live. */
export function identify(pid: number): ProcessIdentity | undefined {
  const stat = process.platform === 'linux' ? linuxStat(pid) : undefined;
  if (process.platform === 'linux') {
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return undefined;
    return { pid, startedAt: `${bootId()}:${stat.startTicks}` };
  }
  try {
    const started = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return started === '' ? undefined : { pid, startedAt: started };
  } catch {
    return undefined; // ps ends with 1 when there is no such process.
  }
}

export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

/** Sends the signal if the process is still the one that was identified. */
export function signalIfSame(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

/** The process and everything under it, parents first. Postgres is a tree of processes in groups of their own. */
export function processTree(pid: number): readonly ProcessIdentity[] {
  if (process.platform !== 'linux') return [identify(pid)].filter((identity) => identity !== undefined);
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    if (!/^\d+$/.test(entry)) continue;
    const stat = linuxStat(Number(entry));
    if (stat === undefined) continue;
    children.set(stat.parentPid, [...(children.get(stat.parentPid) ?? []), Number(entry)]);
  }
  const pids = [pid];
  for (const parent of pids) pids.push(...(children.get(parent) ?? []));
  return pids.map(identify).filter((identity) => identity !== undefined);
}

let bootIdRead: string | undefined;
function bootId(): string {
  bootIdRead ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return bootIdRead;
}

function linuxStat(pid: number): { state: string; parentPid: number; startTicks: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the program's name in brackets and may hold spaces and brackets: count from its end.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parentPid, startTicks] = [fields[0], fields[1], fields[19]];
  if (state === undefined || parentPid === undefined || startTicks === undefined) return undefined;
  return { state, parentPid: Number(parentPid), startTicks };
}
