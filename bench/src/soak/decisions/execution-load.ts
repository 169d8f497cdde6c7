import { appendFileSync } from 'node:fs';
import { ChordaError, ProblemError, type ChordaClient } from '@chorda/client';
import { newId, sleep } from '@chorda/kernel';
import { plannedExecution, type PlannedExecution } from './plan.js';

export interface ExecutionLoadOptions {
  readonly client: ChordaClient;
  readonly effectsUrl: string;
  /** Gets a line for each start that was acknowledged. */
  readonly acksFile: string;
  readonly executions: number;
  readonly agents: number;
  /** Executions that run at once. */
  readonly atOnce: number;
  /** How many have ended or stand as an incident. */
  over(): Promise<number>;
  /** The load goes on until all faults are behind it. */
  hasFaultsLeft(): boolean;
  readonly progress: (line: string) => void;
}

export interface StartAcknowledged {
  readonly execution_id: string;
  readonly agent_id: string;
  readonly acknowledged_at_ms: number;
}

const readyWithinMs = 180_000;
const toolsWithinMs = 180_000;
const lookEveryMs = 250;
const cancelAfterMs = 300;
/** A fault that nobody ever hits would keep the load going for ever. */
const startsMaxFactor = 3;

/** Starts executions as fast as they end, and writes down each start that was acknowledged. */
export class ExecutionLoad {
  readonly planned = new Set<string>();
  private readonly asking = new Set<Promise<void>>();
  private agents: readonly string[] = [];
  private over = 0;
  private fault: Error | undefined;

  constructor(private readonly options: ExecutionLoadOptions) {}

  /** @throws where a start was refused, or the agents do not come to be ready. */
  async run(): Promise<void> {
    const { executions, atOnce, hasFaultsLeft, progress } = this.options;
    await this.untilToolsAreOffered();
    this.agents = await Promise.all(Array.from({ length: this.options.agents }, (_, index) => this.agent(index)));
    progress(`${this.agents.length} agents are ready`);
    let lookAtMs = 0;
    for (let index = 0; index < executions || (hasFaultsLeft() && index < executions * startsMaxFactor);) {
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
      if (index % 500 === 0) progress(`${index} executions started, ${this.over} are over`);
    }
    await Promise.all(this.asking);
    if (this.fault) throw this.fault;
  }

  private begin(index: number): void {
    const planned = plannedExecution(newId(), index, this.options.effectsUrl);
    this.planned.add(planned.executionId);
    const asked: Promise<void> = this.start(planned, this.agents[index % this.agents.length] ?? '')
      .catch((error: unknown) => {
        this.fault ??= error instanceof Error ? error : new Error(String(error));
      })
      .finally(() => this.asking.delete(asked));
    this.asking.add(asked);
  }

  private async start({ executionId, input, isCancelled }: PlannedExecution, agent: string): Promise<void> {
    const { client, acksFile } = this.options;
    const execution = { execution_id: executionId, input_data: input };
    await untilAnswered(() => client.agents.execute(agent, execution, { idempotencyKey: executionId }));
    const line = { execution_id: executionId, agent_id: agent, acknowledged_at_ms: Date.now() };
    appendFileSync(acksFile, `${JSON.stringify(line)}\n`);
    if (!isCancelled) return;
    await sleep(cancelAfterMs);
    const key = { idempotencyKey: `${executionId}/cancel` };
    await untilAnswered(() => client.executions.cancel(executionId, { agent_id: agent }, key)).catch(hasEnded);
  }

  private async agent(index: number): Promise<string> {
    const { client } = this.options;
    const definition = {
      name: `Soak ${index}`,
      tools: ['http_post', 'http_get', 'charge', 'stamp'],
      limits: { execution_time_ms_max: 3_600_000 },
      concurrency_max: 200,
    };
    const created = await untilAnswered(() => client.agents.create(definition, { idempotencyKey: `agent-${index}` }));
    const { agent_id: id } = { agent_id: '', ...created };
    await until(`agent ${id} is ready`, readyWithinMs, async () => {
      const { state } = await client.agents.state(id);
      return state['state'] === 'READY';
    });
    return id;
  }

  private async untilToolsAreOffered(): Promise<void> {
    await until('workers offer their tools', toolsWithinMs, async () => {
      const names = (await this.options.client.tools.list()).map(({ name }) => name);
      return names.includes('charge') && names.includes('stamp');
    });
  }
}

/** Asks again, with the same key, whatever is away: engines are killed all the time. */
async function untilAnswered<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
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

/** What had ended before it was cancelled. */
function hasEnded(error: unknown): void {
  if (!(error instanceof ProblemError && error.code === 'ILLEGAL_TRANSITION')) throw error;
}

async function until(what: string, withinMs: number, isSo: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + withinMs;
  while (!(await isSo().catch(() => false))) {
    if (Date.now() > deadlineMs) throw new Error(`Not within ${withinMs} ms: ${what}`);
    await sleep(lookEveryMs);
  }
}
