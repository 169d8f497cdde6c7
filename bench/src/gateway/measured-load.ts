import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { LoadPlan, LoadReport } from '../http-load/load-plan.js';

const program = fileURLToPath(new URL('../http-load/main.js', import.meta.url));

export interface Figures extends LoadReport {
  /** Answered 2xx. */
  readonly admittedPerSecond: number;
  /** Processor time of the server for 10,000 requests of any answer. */
  readonly serverCpuSecondsPer10k: number;
  readonly serverMebibytes: number;
  /** Of the broker, for 10,000 requests of any answer; what else wrote to it meanwhile is in it. */
  readonly brokerCpuSecondsPer10k: number;
}

/** Sends a load from a process of its own, and reads what it cost the server from what the kernel counted. */
export async function measuredLoad(plan: LoadPlan, serverPid: number, brokerPid = 0): Promise<Figures> {
  const before = cpuSecondsOf(serverPid);
  const brokerBefore = cpuSecondsOf(brokerPid);
  const report = await load(plan);
  const spent = cpuSecondsOf(serverPid) - before;
  const brokerSpent = cpuSecondsOf(brokerPid) - brokerBefore;
  const admitted = Object.entries(report.byStatus).reduce(
    (sum, [status, count]) => (status.startsWith('2') ? sum + count : sum),
    0,
  );
  return {
    ...report,
    admittedPerSecond: admitted / report.seconds,
    serverCpuSecondsPer10k: (spent / report.requests) * 10_000,
    serverMebibytes: mebibytesOf(serverPid),
    brokerCpuSecondsPer10k: (brokerSpent / report.requests) * 10_000,
  };
}

/** Sends a load from a process of its own. */
export async function load(plan: LoadPlan): Promise<LoadReport> {
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(plan));
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`The load process ended with ${code}`);
  return JSON.parse(output);
}

/** Of the whole process, threads and all; Linux only, NaN elsewhere. */
function cpuSecondsOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

function mebibytesOf(pid: number): number {
  try {
    return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
  } catch {
    return Number.NaN;
  }
}
