import { appendFileSync } from 'node:fs';
import { ProblemError, type ChordaClient } from '@chorda/client';
import { newId, sleep } from '@chorda/kernel';
import { lookEveryMs, startPaced, untilAnswered, type PacedLoadOptions } from '../paced-load.js';
import { plannedExecution, type PlannedExecution } from './plan.js';

export interface ExecutionLoadOptions extends Omit<PacedLoadOptions, 'what' | 'count'> {
  readonly client: ChordaClient;
  readonly effectsUrl: string;
  /** Gets a line for each start that was acknowledged. */
  readonly acksFile: string;
  readonly executions: number;
  readonly agents: number;
}

export interface StartAcknowledged {
  readonly execution_id: string;
  readonly agent_id: string;
  readonly acknowledged_at_ms: number;
}

const readyWithinMs = 180_000;
const toolsWithinMs = 180_000;
const cancelAfterMs = 300;

/** Starts executions as fast as they end, and writes down each start that was acknowledged. */
export class ExecutionLoad {
  readonly planned = new Set<string>();

  constructor(private readonly options: ExecutionLoadOptions) {}

  /** @throws where a start was refused, or the agents do not come to be ready. */
  async run(): Promise<void> {
    const { executions, atOnce, effectsUrl, over, hasFaultsLeft, progress } = this.options;
    await this.untilToolsAreOffered();
    const agents = await Promise.all(Array.from({ length: this.options.agents }, (_, index) => this.agent(index)));
    progress(`${agents.length} agents are ready`);
    await startPaced({ what: 'executions', count: executions, atOnce, over, hasFaultsLeft, progress }, (index) => {
      const planned = plannedExecution(newId(), index, effectsUrl);
      this.planned.add(planned.executionId);
      return this.start(planned, agents[index % agents.length] ?? '');
    });
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
