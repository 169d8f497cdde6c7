import { readdirSync, readFileSync } from 'node:fs';
import type { TestStack } from '@chorda/testing';

/** CPU seconds since each of them started. */
export interface CpuSeconds {
  readonly own: number;
  readonly postgres: number;
  readonly kafka: number;
}

/** Linux counts in these, whatever the machine. */
const ticksPerSecond = 100;

/**
 * Reads processor time from /proc: on a machine that other work shares, it can be compared and wall time cannot.
 *
 * @param ownPids The processes of the contestant.
 */
export function cpuSeconds(stack: TestStack, ownPids: readonly number[]): CpuSeconds {
  return {
    own: sum(ownPids.map(secondsOf)),
    postgres: postgresSeconds(stack),
    kafka: secondsOf(stack.server('kafka').pid ?? 0),
  };
}

/** Sessions that ended are counted by their parent. */
export function postgresSeconds(stack: TestStack): number {
  return treeSeconds(stack.server('postgres').pid ?? 0);
}

/** Of a process and those that it has started. */
export function treeSeconds(pid: number): number {
  return sum([pid, ...childrenOf(pid)].map(secondsOf));
}

export function residentMib(pid: number): number {
  const resident = Number(read(`/proc/${pid}/statm`)?.split(' ')[1] ?? 0);
  return (resident * 4096) / 1024 ** 2;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function secondsOf(pid: number): number {
  const fields = fieldsOf(pid);
  // utime, stime, and those of children that were waited for.
  return sum([11, 12, 13, 14].map((at) => Number(fields?.[at] ?? 0))) / ticksPerSecond;
}

function childrenOf(parent: number): readonly number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => Number(fieldsOf(pid)?.[1]) === parent);
}

/** What stands behind the program's name, which may hold anything. */
function fieldsOf(pid: number): readonly string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ');
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // It has ended.
  }
}
