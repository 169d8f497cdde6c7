import { appendFileSync } from 'node:fs';
import { ProblemError, type ChordaClient } from '@chorda/client';
import { newId, sleep } from '@chorda/kernel';
import { startPaced, untilAnswered, type PacedLoadOptions } from '../paced-load.js';
import { childDefinition, definition, inputOf, plannedRun, workflowName, type PlannedRun } from './plan.js';

export interface RunLoadOptions extends Omit<PacedLoadOptions, 'what' | 'count'> {
  readonly client: ChordaClient;
  /** Gets a line for each request that was acknowledged. */
  readonly acksFile: string;
  readonly runs: number;
}

export interface Acknowledged {
  readonly what: 'start' | 'signal' | 'decision';
  readonly id: string;
  readonly at_ms: number;
}

const signalAfterMs = 1_500;
const cancelAfterMs = 400;

/** Starts runs as fast as they end, sends their events, and writes down whatever was acknowledged. */
export class RunLoad {
  readonly planned = new Map<string, PlannedRun>();

  constructor(private readonly options: RunLoadOptions) {}

  /** @throws where a request was refused. */
  async run(): Promise<void> {
    const { client, acksFile: _, runs, ...pace } = this.options;
    for (const text of [childDefinition, definition]) await untilAnswered(() => client.workflows.apply(text));
    await startPaced({ ...pace, what: 'runs', count: runs }, (index) => {
      const planned = plannedRun(newId(), index);
      this.planned.set(planned.runId, planned);
      return this.lead(planned);
    });
  }

  private async lead(planned: PlannedRun): Promise<void> {
    const { client, acksFile } = this.options;
    const { runId } = planned;
    const start = { run_id: runId, input: inputOf(planned) };
    await untilAnswered(() => client.runs.start(workflowName, start, { idempotencyKey: runId }));
    acknowledge(acksFile, 'start', runId);
    if (!planned.isSignalledAtOnce) await sleep(signalAfterMs);
    const signal = { name: 'go', key: runId, signal_id: `go-${runId}` };
    const hasTaken = await untilAnswered(() =>
      client.runs.signal(runId, signal, { idempotencyKey: `${runId}/go` }),
    ).then(() => true, hasEnded);
    if (hasTaken) acknowledge(acksFile, 'signal', runId);
    if (!planned.isCancelled) return;
    await sleep(cancelAfterMs);
    const cancel = { reason: 'As planned', compensate: true };
    await untilAnswered(() => client.runs.cancel(runId, cancel, { idempotencyKey: `${runId}/cancel` })).catch(hasEnded);
  }
}

export function acknowledge(file: string, what: Acknowledged['what'], id: string): void {
  const line: Acknowledged = { what, id, at_ms: Date.now() };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

/** A rule says no: by then it is too late for what was asked. @returns That nothing was taken. */
export function hasEnded(error: unknown): false {
  if (error instanceof ProblemError && error.status === 409) return false;
  throw error;
}
