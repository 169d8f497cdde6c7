import { appendFileSync } from 'node:fs';
import { ChordaError, ProblemError, type ChordaClient } from '@chorda/client';
import { newId, sleep } from '@chorda/kernel';
import { childDefinition, definition, inputOf, plannedRun, workflowName, type PlannedRun } from './plan.js';

export interface RunLoadOptions {
  readonly client: ChordaClient;
  /** Gets a line for each request that was acknowledged. */
  readonly acksFile: string;
  readonly runs: number;
  /** Runs that are under way at once. */
  readonly atOnce: number;
  /** How many have ended or stand as an incident. */
  over(): Promise<number>;
  /** The load goes on until all faults are behind it. */
  hasFaultsLeft(): boolean;
  readonly progress: (line: string) => void;
}

export interface Acknowledged {
  readonly what: 'start' | 'signal' | 'decision';
  readonly id: string;
  readonly at_ms: number;
}

const lookEveryMs = 250;
const signalAfterMs = 1_500;
const cancelAfterMs = 400;
/** A fault that nobody ever hits would keep the load going for ever. */
const startsMaxFactor = 3;

/** Starts runs as fast as they end, sends their events, and writes down whatever was acknowledged. */
export class RunLoad {
  readonly planned = new Map<string, PlannedRun>();
  private readonly asking = new Set<Promise<void>>();
  private over = 0;
  private fault: Error | undefined;

  constructor(private readonly options: RunLoadOptions) {}

  /** @throws where a request was refused. */
  async run(): Promise<void> {
    const { client, runs, atOnce, hasFaultsLeft, progress } = this.options;
    for (const text of [childDefinition, definition]) await untilAnswered(() => client.workflows.apply(text));
    let lookAtMs = 0;
    for (let index = 0; index < runs || (hasFaultsLeft() && index < runs * startsMaxFactor);) {
      if (this.fault) throw this.fault;
      if (Date.now() >= lookAtMs) {
        this.over = await this.options.over().catch(() => this.over);
        lookAtMs = Date.now() + lookEveryMs;
      }
      if (this.planned.size - this.over >= atOnce) {
        await sleep(lookEveryMs / 5);
        continue;
      }
      this.begin(index++);
      if (index % 500 === 0) progress(`${index} runs started, ${this.over} are over`);
    }
    await Promise.all(this.asking);
    if (this.fault) throw this.fault;
  }

  private begin(index: number): void {
    const planned = plannedRun(newId(), index);
    this.planned.set(planned.runId, planned);
    const asked: Promise<void> = this.lead(planned)
      .catch((error: unknown) => {
        this.fault ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => this.asking.delete(asked));
    this.asking.add(asked);
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

/** Asks again, with the same key, whatever is away: everything is killed all the time. */
export async function untilAnswered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    try {
      const answer = await ask();
      const isTaken = typeof answer === 'object' && answer !== null && Reflect.get(answer, 'status') === 'taken';
      if (!isTaken) return answer;
    } catch (error) {
      if (!(error instanceof ChordaError) || !error.retriable) throw error;
    }
    await sleep(lookEveryMs);
  }
}

/** A rule says no: by then it is too late for what was asked. @returns That nothing was taken. */
export function hasEnded(error: unknown): false {
  if (error instanceof ProblemError && error.status === 409) return false;
  throw error;
}
